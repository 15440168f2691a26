import type { Histogram } from './histogram.ts';

/** How the range of an activation is chosen from the values seen. */
export const RANGE_METHODS = ['minmax', 'percentile', 'entropy', 'mse'] as const;
export type RangeMethod = (typeof RANGE_METHODS)[number];

/** Values that 8 bits stand for; what lies beyond is clipped. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Share of values that the percentile method keeps. */
const PERCENTILE = 0.9999;
const LEVELS = 256;
/** Ranges tried between all values and the narrowest worth it. */
const CANDIDATES = 64;
const NARROWEST = 0.15;

/**
 * The range of a tensor.
 *
 * - `minmax`: every value seen
 * - `percentile`: 99.99 % of them
 * - `entropy`: the least information lost (Migacz, "8-bit inference with TensorRT", GTC 2017)
 * - `mse`: the least mean square error of rounding and clipping together
 *
 * @param symmetric whether the range will be used with the zero point 0
 */
export function chooseRange(histogram: Histogram, method: RangeMethod, symmetric: boolean): Range {
  const all: Range = { low: Math.min(0, histogram.min), high: Math.max(0, histogram.max) };
  if (!Number.isFinite(all.low) || !Number.isFinite(all.high) || all.low === all.high)
    return { low: 0, high: 1 };
  const full = symmetric ? widest(all) : all;
  switch (method) {
    case 'minmax':
      return full;
    case 'percentile':
      return symmetric ? widest(percentileRange(histogram, all)) : percentileRange(histogram, all);
    case 'entropy':
      return best(candidates(histogram, full), (range) => divergence(histogram, range));
    case 'mse':
      return best(candidates(histogram, full), (range) => meanSquareError(histogram, range));
  }
}

function widest({ low, high }: Range): Range {
  const reach = Math.max(-low, high);
  return { low: -reach, high: reach };
}

function percentileRange({ counts, binWidth }: Histogram, all: Range): Range {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cut = (total * (1 - PERCENTILE)) / 2;
  const half = counts.length / 2;
  let below = 0;
  let first = 0;
  while (first < counts.length && below + counts[first]! <= cut) below += counts[first++]!;
  let above = 0;
  let last = counts.length - 1;
  while (last > first && above + counts[last]! <= cut) above += counts[last--]!;
  const low = Math.max(all.low, Math.min(0, (first - half) * binWidth));
  const high = Math.min(all.high, Math.max(0, (last + 1 - half) * binWidth));
  return low === high ? all : { low, high };
}

/** Ranges from all values down, both ends drawn in alike; an end at which many values lie stays. */
function candidates(histogram: Histogram, { low, high }: Range): Range[] {
  const fixedLow = -low < 0.1 * high;
  return Array.from({ length: CANDIDATES }, (_, i) => {
    const share = 1 - (i / CANDIDATES) * (1 - NARROWEST);
    return { low: fixedLow ? low : Math.min(0, low * share), high: high * share };
  }).filter((range) => range.high - range.low > histogram.binWidth);
}

function best(ranges: readonly Range[], cost: (range: Range) => number): Range {
  let found = ranges[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const range of ranges) {
    const value = cost(range);
    if (value >= least) continue;
    least = value;
    found = range;
  }
  return found;
}

function meanSquareError(histogram: Histogram, { low, high }: Range): number {
  const step = (high - low) / (LEVELS - 1);
  const rounding = (step * step) / 12;
  let sum = 0;
  for (const [bin, count] of histogram.counts.entries()) {
    if (count === 0) continue;
    const value = histogram.valueAt(bin);
    const beyond = value < low ? low - value : value > high ? value - high : 0;
    sum += count * (beyond > 0 ? beyond * beyond : rounding);
  }
  return sum;
}

/** Kullback-Leibler divergence of what is left after clipping to a range and rounding to its levels. */
function divergence(histogram: Histogram, { low, high }: Range): number {
  const { counts } = histogram;
  const half = counts.length / 2;
  const first = Math.max(0, Math.floor(low / histogram.binWidth) + half);
  const last = Math.min(counts.length, Math.ceil(high / histogram.binWidth) + half);
  const reference = Float64Array.from(counts.subarray(first, last));
  if (reference.length < 2) return Number.POSITIVE_INFINITY;
  let total = 0;
  for (const [bin, count] of counts.entries()) {
    total += count;
    if (bin < first) reference[0]! += count;
    else if (bin >= last) reference[reference.length - 1]! += count;
  }
  const spread = roundToLevels(counts.subarray(first, last));
  let kept = 0;
  for (const value of spread) kept += value;
  if (kept === 0 || total === 0) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (const [i, count] of reference.entries()) {
    if (count === 0) continue;
    sum += (count / total) * Math.log(count / total / Math.max(spread[i]! / kept, 1e-12));
  }
  return sum;
}

/** Each level's count spread evenly over those of its bins that are not empty. */
function roundToLevels(counts: Float64Array): Float64Array {
  const spread = new Float64Array(counts.length);
  const perLevel = counts.length / LEVELS;
  for (let level = 0; level < LEVELS; level++) {
    const [from, to] = [Math.floor(level * perLevel), Math.floor((level + 1) * perLevel)];
    let sum = 0;
    let filled = 0;
    for (let bin = from; bin < to; bin++) {
      sum += counts[bin]!;
      if (counts[bin]! > 0) filled += 1;
    }
    for (let bin = from; bin < to; bin++) if (counts[bin]! > 0) spread[bin] = sum / filled;
  }
  return spread;
}
