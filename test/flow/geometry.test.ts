import { describe, expect, test } from 'vitest';
import { type BoxPx, iou, toNorm } from '../../src/flow/geometry.ts';

describe('iou', () => {
  test.each<[string, BoxPx, BoxPx, number]>([
    ['the same box', [0, 0, 10, 10], [0, 0, 10, 10], 1],
    ['half of it', [0, 0, 10, 10], [0, 0, 5, 10], 0.5],
    ['a quarter shared by two of equal size', [0, 0, 10, 10], [5, 5, 15, 15], 25 / 175],
    ['side by side', [0, 0, 10, 10], [10, 0, 20, 10], 0],
    ['apart', [0, 0, 10, 10], [20, 20, 30, 30], 0],
    ['an empty box', [5, 5, 5, 5], [0, 0, 10, 10], 0],
  ])('%s', (_, a, b, expected) => {
    expect(iou(a, b)).toBeCloseTo(expected, 12);
    expect(iou(b, a)).toBeCloseTo(expected, 12);
  });
});

test('toNorm keeps to the picture', () => {
  expect(toNorm([-10, 50, 320, 400], { widthPx: 640, heightPx: 200 })).toEqual([0, 0.25, 0.5, 1]);
});
