import { describe, expect, it } from 'vitest';
import type { BoxPx } from '../../src/flow/geometry.ts';
import { BoxFilter } from '../../src/track/box-filter.ts';
import { trackerDefaults } from '../../src/track/options.ts';

const noise = trackerDefaults.motion;

/** A 40 x 100 px box that moves right at 50 px/s. */
function movingBox(timeS: number): BoxPx {
  const x = 100 + 50 * timeS;
  return [x, 100, x + 40, 200];
}

function follow(timesS: readonly number[]): BoxFilter {
  const filter = new BoxFilter(movingBox(timesS[0]!), noise);
  for (let index = 1; index < timesS.length; index += 1) {
    filter.measure(movingBox(timesS[index]!), timesS[index]! - timesS[index - 1]!);
  }
  return filter;
}

describe('BoxFilter', () => {
  it.each([
    [Array.from({ length: 91 }, (_, index) => index / 30), '30 frames per second'],
    [Array.from({ length: 16 }, (_, index) => index / 5), '5 frames per second'],
    [[0, 0.03, 0.07, 0.5, 0.53, 0.6, 1.4, 1.43, 1.9, 2.0, 2.03, 2.7, 3.0], 'frames that come as they like'],
  ])('learns the same velocity per second from %#: %s', (timesS) => {
    const [vx, vy] = follow(timesS).velocityPxPerS;
    expect(vx).toBeGreaterThan(42);
    expect(vx).toBeLessThan(52);
    expect(vy).toBeCloseTo(0, 6);
  });

  it('predicts by time: a second ahead is ten times as far as a tenth, less what the damping takes', () => {
    const filter = follow([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
    const [vx] = filter.velocityPxPerS;
    const movedPx = (aheadS: number) => filter.predict(aheadS)[0] - filter.predict(0)[0];
    const dampingS = noise.centreDampingS;
    expect(movedPx(0.1)).toBeCloseTo(vx * dampingS * (1 - Math.exp(-0.1 / dampingS)), 6);
    expect(movedPx(1)).toBeCloseTo(vx * dampingS * (1 - Math.exp(-1 / dampingS)), 6);
    expect(movedPx(1e6)).toBeCloseTo(vx * dampingS, 6);
  });

  it('trusts a new measurement more the longer the last one is ago', () => {
    const pulled = (gapS: number) => {
      const filter = follow([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
      const expected = filter.predict(gapS);
      const measured: BoxPx = [expected[0] + 10, expected[1], expected[2] + 10, expected[3]];
      filter.measure(measured, gapS);
      return filter.predict(0)[0] - expected[0];
    };
    expect(pulled(0.03)).toBeLessThan(pulled(0.3));
    expect(pulled(0.3)).toBeLessThan(pulled(3));
    expect(pulled(3)).toBeLessThanOrEqual(10);
  });

  it('keeps a box that shrinks to nothing a box', () => {
    const filter = new BoxFilter([0, 0, 50, 50], noise);
    for (let size = 45; size > 0; size -= 5) filter.measure([0, 0, size, size], 0.1);
    const [x1, y1, x2, y2] = filter.predict(2);
    expect(x2 - x1).toBeGreaterThanOrEqual(1);
    expect(y2 - y1).toBeGreaterThanOrEqual(1);
  });
});
