import type { InputArray } from './backend.ts';
import type { Letterbox } from './letterbox.ts';
import { type LinearTaps, linearTaps, TAP_ONE } from './linear-taps.ts';
import type { Yuv420Picture } from './preprocess-yuv420.ts';
import type { TensorLayout } from './tensor-layout.ts';
import type { YuvTables } from './yuv-tables.ts';

/** A plane is blended between two rows first and between two columns then: the shift undoes both weights. */
const SHIFT = 22;
const HALF = 1 << (SHIFT - 1);

/** The way for a frame that does not have the fitted size: bilinear on each plane, then colour as usual. */
export function resampleYuv420(
  frame: Yuv420Picture,
  tensor: InputArray,
  layout: TensorLayout,
  box: Letterbox,
  tables: YuvTables,
): void {
  const { luma, redV, greenU, greenV, blueU, red, green, blue } = tables;
  const { widthPx, heightPx } = frame;
  const { widthPx: outWidth, heightPx: outHeight } = box.fitted;
  const chromaWidth = (widthPx + 1) >> 1;
  const chromaHeight = (heightPx + 1) >> 1;
  const uPlane = widthPx * heightPx;
  const lumaPlane = new Plane(frame.data, 0, widthPx, heightPx, outHeight);
  const u = new Plane(frame.data, uPlane, chromaWidth, chromaHeight, outHeight);
  const v = new Plane(frame.data, uPlane + chromaWidth * chromaHeight, chromaWidth, chromaHeight, outHeight);
  const lumaTaps = linearTaps(widthPx, outWidth);
  const chromaTaps = linearTaps(chromaWidth, outWidth);
  for (let y = 0; y < outHeight; y++) {
    const lumaRow = lumaPlane.row(y);
    const uRow = u.row(y);
    const vRow = v.row(y);
    let out = ((box.top + y) * box.input.widthPx + box.left) * layout.step;
    for (let x = 0; x < outWidth; x++) {
      const level = luma[across(lumaRow, lumaTaps, x)]!;
      const cb = across(uRow, chromaTaps, x);
      const cr = across(vRow, chromaTaps, x);
      tensor[out + layout.red] = red[level + redV[cr]!]!;
      tensor[out + layout.green] = green[level + greenU[cb]! + greenV[cr]!]!;
      tensor[out + layout.blue] = blue[level + blueU[cb]!]!;
      out += layout.step;
    }
  }
}

/** One plane of a picture, blended to the rows of the output. */
class Plane {
  readonly #data: Uint8Array;
  readonly #start: number;
  readonly #width: number;
  readonly #taps: LinearTaps;
  readonly #row: Int32Array;

  constructor(data: Uint8Array, start: number, width: number, height: number, outHeight: number) {
    this.#data = data;
    this.#start = start;
    this.#width = width;
    this.#taps = linearTaps(height, outHeight);
    this.#row = new Int32Array(width);
  }

  /** Output row `y`, weighted by `TAP_ONE`; valid until the next call. */
  row(y: number): Int32Array {
    const data = this.#data;
    const row = this.#row;
    const width = this.#width;
    const upper = this.#start + this.#taps.first[y]! * width;
    const lower = this.#start + this.#taps.second[y]! * width;
    const weight = this.#taps.weight[y]!;
    for (let x = 0; x < width; x++) {
      row[x] = data[upper + x]! * (TAP_ONE - weight) + data[lower + x]! * weight;
    }
    return row;
  }
}

function across(row: Int32Array, taps: LinearTaps, x: number): number {
  const weight = taps.weight[x]!;
  return (row[taps.first[x]!]! * (TAP_ONE - weight) + row[taps.second[x]!]! * weight + HALF) >> SHIFT;
}
