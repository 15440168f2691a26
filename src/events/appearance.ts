import { APPEARANCE_CELLS, type Appearance } from '../flow/scene-memory.ts';

/** Below this contrast, luma levels, a picture is noise and says nothing. */
const FLAT = 2;
/** A flat place darker than this is night, not an empty place. */
const DARK = 32;
/** Cells of each plane. */
const CELLS = APPEARANCE_CELLS ** 2;
/** Bands from top to bottom. */
const BANDS = APPEARANCE_CELLS / 2;

/**
 * Normalised cross-correlation of the luma of two appearances, -1..1: unchanged by gain and offset of the brightness.
 * @returns undefined when nothing can be said: `known` has no structure, or `now` is too dark to show any
 */
export function likeness(known: Appearance, now: Appearance): number | undefined {
  const knownMean = lumaMean(known);
  const nowMean = lumaMean(now);
  let [dot, knownSquares, nowSquares] = [0, 0, 0];
  for (let i = 0; i < CELLS; i++) {
    const a = known[i]! - knownMean;
    const b = now[i]! - nowMean;
    dot += a * b;
    knownSquares += a * a;
    nowSquares += b * b;
  }
  const knownDeviation = Math.sqrt(knownSquares / CELLS);
  const nowDeviation = Math.sqrt(nowSquares / CELLS);
  if (knownDeviation < FLAT || (nowDeviation < FLAT && nowMean < DARK)) return undefined;
  if (nowDeviation < FLAT) return 0;
  return dot / (CELLS * knownDeviation * nowDeviation);
}

/**
 * How far apart the colours of two appearances are, levels. Of four bands from top to bottom of the middle quarter of the box, where a body
 * is and the background is not, the difference of the mean colour; of the four, the mean of the second and the third: one
 * may be hidden, and one look alike by chance. Brightness counts less than hue: it changes with the light.
 */
export function colourDistance(a: Appearance, b: Appearance): number {
  let [least, most, sum] = [Number.POSITIVE_INFINITY, 0, 0];
  for (let band = 0; band < BANDS; band++) {
    const distance = bandDistance(a, b, band);
    least = Math.min(least, distance);
    most = Math.max(most, distance);
    sum += distance;
  }
  return (sum - least - most) / (BANDS - 2);
}

/** Weight of brightness against chroma. */
const LUMA_WEIGHT = 0.5;

function bandDistance(a: Appearance, b: Appearance, band: number): number {
  let [y, u, v] = [0, 0, 0];
  for (let row = 2 * band; row < 2 * band + 2; row++) {
    for (let column = 3; column < 5; column++) {
      const i = row * APPEARANCE_CELLS + column;
      y += a[i]! - b[i]!;
      u += a[i + CELLS]! - b[i + CELLS]!;
      v += a[i + 2 * CELLS]! - b[i + 2 * CELLS]!;
    }
  }
  return Math.hypot(LUMA_WEIGHT * y, u, v) / 4;
}

function lumaMean(appearance: Appearance): number {
  let sum = 0;
  for (let i = 0; i < CELLS; i++) sum += appearance[i]!;
  return sum / CELLS;
}
