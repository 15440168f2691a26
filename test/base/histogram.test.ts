import { expect, test } from 'vitest';
import { Histogram } from '../../src/base/histogram.ts';

test('counts each value below its bound and all the greater ones', () => {
  const histogram = new Histogram([1, 5, 10]);
  for (const value of [0, 1, 1.5, 5, 9, 11, 100]) histogram.add(value);
  expect(histogram.counts()).toEqual({ bounds: [1, 5, 10], cumulative: [2, 4, 5, 7], sum: 127.5 });
});

test('an empty one has counted nothing', () => {
  expect(new Histogram([1]).counts()).toEqual({ bounds: [1], cumulative: [0, 0], sum: 0 });
});
