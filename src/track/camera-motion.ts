/** A shift of the whole picture, px. */
export interface PictureShift {
  readonly xPx: number;
  readonly yPx: number;
}

/** Turns the median absolute deviation into the standard deviation of a normal distribution. */
const MAD_TO_SIGMA = 1.4826;

/**
 * The shift that objects have in common, as a moving or shaking camera gives them. The median ignores the ones that go
 * their own way; a shift that is not clearly larger than their disagreement is none, so a still camera has none.
 *
 * @param residualsX how far each object is from where it was expected, px
 * @param minObjects with fewer there is no telling the camera's motion from theirs
 * @param minSigmas least size of the shift in standard errors of the median
 */
export function commonShift(
  residualsX: readonly number[],
  residualsY: readonly number[],
  minObjects: number,
  minSigmas: number,
): PictureShift | undefined {
  const count = residualsX.length;
  if (count < minObjects) return undefined;
  const xPx = median(residualsX);
  const yPx = median(residualsY);
  const spread = Math.hypot(deviation(residualsX, xPx), deviation(residualsY, yPx));
  const standardError = (MAD_TO_SIGMA * spread) / Math.sqrt(count);
  return Math.hypot(xPx, yPx) > minSigmas * standardError ? { xPx, yPx } : undefined;
}

function deviation(values: readonly number[], centre: number): number {
  return median(values.map((value) => Math.abs(value - centre)));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
