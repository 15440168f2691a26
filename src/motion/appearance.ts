import type { BoxPx, SizePx } from '../flow/geometry.ts';
import { APPEARANCE_CELLS, type Appearance } from '../flow/scene-memory.ts';

/** Samples along each side of a cell: 1024 reads for a box, whatever its size. */
const SAMPLES = 4;
/** A box of fewer frame pixels along a side has no appearance to tell. */
const LEAST_PX = 8;

/**
 * Mean luma of 8 x 8 cells of a box, read from an I420 picture.
 *
 * @param boxPx in pixels of `source`; what lies outside the picture is cut off
 * @returns 64 values in 0..255; undefined when under 8 x 8 pixels of the frame are left
 */
export function appearanceAt(
  frame: SizePx & { readonly data: Uint8Array; readonly source: SizePx },
  boxPx: BoxPx,
): Appearance | undefined {
  const { widthPx, heightPx, data, source } = frame;
  const x1 = Math.max(0, (boxPx[0] * widthPx) / source.widthPx);
  const y1 = Math.max(0, (boxPx[1] * heightPx) / source.heightPx);
  const width = Math.min(widthPx, (boxPx[2] * widthPx) / source.widthPx) - x1;
  const height = Math.min(heightPx, (boxPx[3] * heightPx) / source.heightPx) - y1;
  if (width < LEAST_PX || height < LEAST_PX) return undefined;
  const side = APPEARANCE_CELLS * SAMPLES;
  const sums = new Array<number>(APPEARANCE_CELLS ** 2).fill(0);
  for (let row = 0; row < side; row++) {
    const line = Math.floor(y1 + ((row + 0.5) * height) / side) * widthPx;
    for (let column = 0; column < side; column++) {
      const cell = Math.floor(row / SAMPLES) * APPEARANCE_CELLS + Math.floor(column / SAMPLES);
      sums[cell] = (sums[cell] ?? 0) + (data[line + Math.floor(x1 + ((column + 0.5) * width) / side)] ?? 0);
    }
  }
  return sums.map((sum) => sum / SAMPLES ** 2);
}
