import { type Appearance, CHROMA_CELLS, LUMA_CELLS } from '../flow/scene-memory.ts';

/** Below this contrast, luma levels, a picture is noise and says nothing. */
const FLAT = 2;
/** A flat place darker than this is night, not an empty place. */
const DARK = 32;
/** Cells of an appearance that are luma. */
const LUMA = LUMA_CELLS ** 2;
const CHROMA = CHROMA_CELLS ** 2;

/**
 * Normalised cross-correlation of the luma of two appearances, -1..1: unchanged by gain and offset of the brightness.
 * @returns undefined when nothing can be said: `known` has no structure, or `now` is too dark to show any
 */
export function likeness(known: Appearance, now: Appearance): number | undefined {
  const knownMean = lumaMean(known);
  const nowMean = lumaMean(now);
  let [dot, knownSquares, nowSquares] = [0, 0, 0];
  for (let i = 0; i < LUMA; i++) {
    const a = known[i]! - knownMean;
    const b = now[i]! - nowMean;
    dot += a * b;
    knownSquares += a * a;
    nowSquares += b * b;
  }
  const knownDeviation = Math.sqrt(knownSquares / LUMA);
  const nowDeviation = Math.sqrt(nowSquares / LUMA);
  if (knownDeviation < FLAT || (nowDeviation < FLAT && nowMean < DARK)) return undefined;
  if (nowDeviation < FLAT) return 0;
  return dot / (LUMA * knownDeviation * nowDeviation);
}

/**
 * How far apart the colours of two appearances are, levels. Of four bands from top to bottom of the middle of the box, where a body is
 * and the background is not, the difference of the mean colour; of the four, the mean of the second and the third: one
 * may be hidden, and one look alike by chance. Brightness counts less than hue: it changes with the light.
 */
export function colourDistance(a: Appearance, b: Appearance): number {
  let [least, most, sum] = [Number.POSITIVE_INFINITY, 0, 0];
  for (let band = 0; band < CHROMA_CELLS; band++) {
    const distance = bandDistance(a, b, band);
    least = Math.min(least, distance);
    most = Math.max(most, distance);
    sum += distance;
  }
  return (sum - least - most) / (CHROMA_CELLS - 2);
}

/** Weight of brightness against chroma. */
const LUMA_WEIGHT = 0.5;

function bandDistance(a: Appearance, b: Appearance, band: number): number {
  let luma = 0;
  for (let row = 2 * band; row < 2 * band + 2; row++) {
    for (let column = 2; column < 6; column++) {
      const i = row * LUMA_CELLS + column;
      luma += a[i]! - b[i]!;
    }
  }
  let [u, v] = [0, 0];
  for (let column = 1; column < 3; column++) {
    const i = LUMA + band * CHROMA_CELLS + column;
    u += a[i]! - b[i]!;
    v += a[i + CHROMA]! - b[i + CHROMA]!;
  }
  return Math.hypot((LUMA_WEIGHT * luma) / 8, u / 2, v / 2);
}

function lumaMean(appearance: Appearance): number {
  let sum = 0;
  for (let i = 0; i < LUMA; i++) sum += appearance[i]!;
  return sum / LUMA;
}
