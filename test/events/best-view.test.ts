import { describe, expect, it } from 'vitest';
import { cropAround, sharpness, viewQuality } from '../../src/events/best-view.ts';

const source = { widthPx: 1000, heightPx: 500 };
const good = { score: 0.9, boxPx: [400, 100, 500, 400] as const, source, sharpness: 300 };

describe('a view is worse', () => {
  it.each([
    ['for an unsure detection', { score: 0.5 }],
    ['when it is smaller', { boxPx: [400, 100, 450, 250] as const }],
    ['when it is blurred', { sharpness: 20 }],
    ['when the border cuts it', { boxPx: [0, 100, 100, 400] as const }],
  ])('%s', (_, change) => {
    expect(viewQuality({ ...good, ...change })).toBeLessThan(viewQuality(good));
  });
});

describe('sharpness', () => {
  const size = { widthPx: 40, heightPx: 20 };
  const plane = (levelAt: (x: number) => number) =>
    Uint8Array.from({ length: 800 }, (_, at) => levelAt(at % 40));

  it('is that of the box alone', () => {
    const stripesRight = plane((x) => (x < 20 ? 100 : 100 + 50 * (x % 2)));
    expect(sharpness(stripesRight, size, [2, 2, 15, 18])).toBe(0);
    expect(sharpness(stripesRight, size, [24, 2, 38, 18])).toBeGreaterThan(1000);
  });

  it('does not see a slope, which has no edge', () => {
    expect(
      sharpness(
        plane((x) => 3 * x),
        size,
        [0, 0, 40, 20],
      ),
    ).toBe(0);
  });

  it('is 0 where a box has no inside or lies outside', () => {
    const stripes = plane((x) => 100 * (x % 2));
    expect(sharpness(stripes, size, [10, 10, 10, 10])).toBe(0);
    expect(sharpness(stripes, size, [100, 100, 200, 200])).toBe(0);
  });
});

describe('the crop', () => {
  it.each([
    ['has a margin of 15 % of the longer side', [400, 100, 500, 300], [370, 70, 160, 260]],
    ['ends at the border', [-5, 400, 60, 520], [0, 382, 78, 118]],
    ['begins and ends on even pixels', [401, 101, 411, 111], [398, 98, 16, 16]],
    ['is within the picture for a box beside it', [1200, 600, 1300, 700], [998, 498, 2, 2]],
  ] as const)('%s', (_, boxPx, [xPx, yPx, widthPx, heightPx]) => {
    expect(cropAround(boxPx, source)).toEqual({ xPx, yPx, widthPx, heightPx });
  });
});
