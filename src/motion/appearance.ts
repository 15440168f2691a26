import type { BoxPx, SizePx } from '../flow/geometry.ts';
import { APPEARANCE_CELLS, APPEARANCE_LENGTH, type Appearance } from '../flow/scene-memory.ts';

/** Samples along each side of a cell: 1024 reads of luma and 512 of chroma for a box, whatever its size. */
const LUMA_SAMPLES = 4;
const CHROMA_SAMPLES = 2;
const CELLS = APPEARANCE_CELLS ** 2;
/** A box of fewer frame pixels along a side has no appearance to tell. */
const LEAST_PX = 8;

/**
 * Means of 8 x 8 cells of a box in each plane, read from an I420 picture.
 *
 * @param boxPx in pixels of `source`; what lies outside the picture is cut off
 * @returns 192 values in 0..255; undefined when under 8 x 8 pixels of the frame are left
 */
export function appearanceAt(
  frame: SizePx & { readonly data: Uint8Array; readonly source: SizePx },
  boxPx: BoxPx,
): Appearance | undefined {
  const { widthPx, heightPx, data, source } = frame;
  const x = Math.max(0, (boxPx[0] * widthPx) / source.widthPx);
  const y = Math.max(0, (boxPx[1] * heightPx) / source.heightPx);
  const width = Math.min(widthPx, (boxPx[2] * widthPx) / source.widthPx) - x;
  const height = Math.min(heightPx, (boxPx[3] * heightPx) / source.heightPx) - y;
  if (width < LEAST_PX || height < LEAST_PX) return undefined;
  const means = new Array<number>(APPEARANCE_LENGTH).fill(0);
  addCells(means, 0, LUMA_SAMPLES, { data, start: 0, widthPx, x, y, width, height });
  const halfWidthPx = (widthPx + 1) >> 1;
  const uStart = widthPx * heightPx;
  const half = { data, widthPx: halfWidthPx, x: x / 2, y: y / 2, width: width / 2, height: height / 2 };
  const vStart = uStart + halfWidthPx * ((heightPx + 1) >> 1);
  addCells(means, CELLS, CHROMA_SAMPLES, { ...half, start: uStart });
  addCells(means, 2 * CELLS, CHROMA_SAMPLES, { ...half, start: vStart });
  return means;
}

/** A box in one plane of a picture. */
interface PlaneBox {
  readonly data: Uint8Array;
  /** Index of the plane's first byte, and bytes of a row. */
  readonly start: number;
  readonly widthPx: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Adds the means of the cells to `means`, from `first` on. */
function addCells(means: number[], first: number, samples: number, box: PlaneBox): void {
  const { data, start, widthPx, x, y, width, height } = box;
  const side = APPEARANCE_CELLS * samples;
  const weight = 1 / samples ** 2;
  for (let row = 0; row < side; row++) {
    const line = start + Math.floor(y + ((row + 0.5) * height) / side) * widthPx;
    const base = first + Math.floor(row / samples) * APPEARANCE_CELLS;
    for (let column = 0; column < side; column++) {
      const value = data[line + Math.floor(x + ((column + 0.5) * width) / side)] ?? 0;
      means[base + Math.floor(column / samples)]! += value * weight;
    }
  }
}
