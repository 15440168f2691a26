import { expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { trendOf } from '../soak/trend.ts';

const hours = Array.from({ length: 200 }, (_, i) => i / 1800);

it('a line without noise has its slope, exactly', () => {
  const { perHour, lowPerHour, highPerHour } = trendOf(
    hours,
    hours.map((hour) => 7 + 30 * hour),
  );
  expect(perHour).toBeCloseTo(30, 9);
  expect(lowPerHour).toBeCloseTo(30, 6);
  expect(highPerHour).toBeCloseTo(30, 6);
});

it('of noise alone, and of what is high for a while, the interval holds 0; of growth in the same noise it does not', () => {
  let missed = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const random = seededRandom(seed);
    let drift = 0;
    const noise = hours.map(() => {
      drift = 0.7 * drift + random() - 0.5;
      return drift;
    });
    const flat = trendOf(hours, noise);
    if (flat.lowPerHour > 0 || flat.highPerHour < 0) missed += 1;
    const growing = trendOf(
      hours,
      noise.map((value, i) => value + 40 * hours[i]!),
    );
    expect(growing.lowPerHour, `seed ${seed}`).toBeGreaterThan(0);
  }
  // 5 are due; the correction for neighbours that are alike is not exact.
  expect(missed).toBeLessThanOrEqual(12);
});

it('too few samples are no trend', () => {
  expect(() => trendOf([0, 1], [0, 1])).toThrow('too few');
});
