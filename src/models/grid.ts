import type { SizePx } from '../flow/geometry.ts';

/** Strides of the three detection levels that most dense heads have. */
export const STRIDES = [8, 16, 32] as const;

/** Grid cells of the detection levels of an input, one box each. */
export function gridCells(input: SizePx, strides: readonly number[] = STRIDES): number {
  return strides.reduce((sum, stride) => sum + (input.widthPx / stride) * (input.heightPx / stride), 0);
}
