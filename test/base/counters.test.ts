import { describe, expect, test } from 'vitest';
import { Counters, RecentSamples } from '../../src/base/counters.ts';

test('Counters count from nothing, and a snapshot does not change later', () => {
  const counters = new Counters<'late' | 'lost'>();
  counters.add('late');
  counters.add('late', 2);
  const before = counters.snapshot();
  counters.add('lost');
  expect([counters.get('late'), counters.get('lost'), before]).toEqual([3, 1, { late: 3 }]);
});

describe('RecentSamples', () => {
  test('knows no quantile of nothing', () => {
    expect(new RecentSamples(4).quantile(0.5)).toBeNaN();
  });

  test.each([
    [0, 1],
    [0.25, 1],
    [0.5, 2],
    [0.95, 4],
    [1, 4],
  ])('the %f-quantile of 1..4 is %i, by nearest rank', (q, expected) => {
    const samples = new RecentSamples(10);
    for (const value of [3, 1, 4, 2]) samples.add(value);
    expect(samples.quantile(q)).toBe(expected);
  });

  test('forgets the oldest beyond its capacity', () => {
    const samples = new RecentSamples(3);
    for (const value of [100, 1, 2, 3]) samples.add(value);
    expect([samples.size, samples.quantile(1)]).toEqual([3, 3]);
  });
});
