import type { Appearance } from '../flow/scene-memory.ts';

/** Below this contrast, luma levels, a picture is noise and says nothing. */
const FLAT = 2;
/** A flat place darker than this is night, not an empty place. */
const DARK = 32;

/**
 * Normalised cross-correlation of two appearances, -1..1: unchanged by gain and offset of the brightness.
 * @returns undefined when nothing can be said: `known` has no structure, or `now` is too dark to show any
 */
export function likeness(known: Appearance, now: Appearance): number | undefined {
  const a = deviations(known);
  const b = deviations(now);
  if (a.deviation < FLAT || (b.deviation < FLAT && b.mean < DARK)) return undefined;
  if (b.deviation < FLAT) return 0;
  const dot = a.values.reduce((sum, value, i) => sum + value * (b.values[i] ?? 0), 0);
  return dot / (known.length * a.deviation * b.deviation);
}

function deviations(appearance: Appearance) {
  const mean = appearance.reduce((sum, value) => sum + value, 0) / appearance.length;
  const values = appearance.map((value) => value - mean);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / appearance.length);
  return { mean, values, deviation };
}
