import { describe, expect, test } from 'vitest';
import { moveToEdge } from '../../../../src/preview/page/live/live-edge.ts';

describe('staying close to live', () => {
  test.each([
    ['close enough', 9.7, 0, 10, 1, { rate: 1 }],
    ['a little late: faster', 9.3, 0, 10, 1, { rate: 1.06 }],
    ['catching up goes on until the target', 9.5, 0, 10, 1.06, { rate: 1.06 }],
    ['and ends there', 9.7, 0, 10, 1.06, { rate: 1 }],
    ['far behind: skipped', 5, 0, 10, 1, { seekToS: 9.65 }],
    ['before what there is', 1, 8, 10, 1, { seekToS: 9.65 }],
    ['with less than the target there', 0, 7.9, 8, 1, { seekToS: 7.9 }],
  ])('%s', (_, atS, startS, endS, rate, move) => {
    expect(moveToEdge(atS, startS, endS, rate)).toEqual(move);
  });
});
