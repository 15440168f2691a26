import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { Backoff } from '../../src/base/retry.ts';

const OPTIONS = { initialMs: 100, maxMs: 1_000, factor: 2 };

describe('Backoff', () => {
  test('grows to its cap and stays there', () => {
    const backoff = new Backoff(OPTIONS, () => 0.999_999);
    const delays = Array.from({ length: 6 }, () => Math.round(backoff.nextMs()));
    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(backoff.failures).toBe(6);
  });

  test('jitter takes at most half', () => {
    const random = seededRandom(1);
    const backoff = new Backoff(OPTIONS, random);
    const delays = Array.from({ length: 200 }, () => backoff.nextMs());
    expect(Math.min(...delays.slice(4))).toBeGreaterThanOrEqual(500);
    expect(Math.max(...delays)).toBeLessThanOrEqual(1_000);
    expect(new Set(delays).size).toBeGreaterThan(190);
  });

  test('begins anew after stable running', () => {
    const backoff = new Backoff(OPTIONS, () => 0);
    backoff.nextMs();
    backoff.nextMs();
    backoff.reset();
    expect([backoff.failures, backoff.nextMs()]).toEqual([0, 50]);
  });

  test('a month of failures neither overflows nor ends', () => {
    const backoff = new Backoff(OPTIONS, () => 0);
    for (let i = 0; i < 5_000; i++) backoff.nextMs();
    expect(backoff.nextMs()).toBe(500);
  });
});

test('the same seed gives the same numbers in [0, 1)', () => {
  const [a, b] = [seededRandom(7), seededRandom(7)];
  const numbers = Array.from({ length: 1_000 }, () => a());
  expect(Array.from({ length: 1_000 }, () => b())).toEqual(numbers);
  expect(numbers.every((x) => x >= 0 && x < 1)).toBe(true);
  expect(numbers.reduce((sum, x) => sum + x) / 1_000).toBeCloseTo(0.5, 1);
});
