import type { Letterbox } from './letterbox.ts';
import { type LinearTaps, linearTaps } from './linear-taps.ts';
import type { Yuv420Picture } from './preprocess-yuv420.ts';
import type { TensorLayout } from './tensor-layout.ts';
import type { YuvTables } from './yuv-tables.ts';

const SHIFT = 22;
const HALF = 1 << (SHIFT - 1);

/** The way for a frame that does not have the fitted size: bilinear on each plane, then colour as usual. */
export function resampleYuv420(
  frame: Yuv420Picture,
  tensor: Float32Array,
  layout: TensorLayout,
  box: Letterbox,
  tables: YuvTables,
): void {
  const { luma, redV, greenU, greenV, blueU, red, green, blue } = tables;
  const { data, widthPx, heightPx } = frame;
  const chromaWidth = (widthPx + 1) >> 1;
  const chromaHeight = (heightPx + 1) >> 1;
  const uPlane = widthPx * heightPx;
  const vPlane = uPlane + chromaWidth * chromaHeight;
  const { widthPx: outWidth, heightPx: outHeight } = box.fitted;
  const lumaX = linearTaps(widthPx, outWidth);
  const lumaY = linearTaps(heightPx, outHeight);
  const chromaX = linearTaps(chromaWidth, outWidth);
  const chromaY = linearTaps(chromaHeight, outHeight);
  for (let y = 0; y < outHeight; y++) {
    let out = ((box.top + y) * box.input.widthPx + box.left) * layout.step;
    for (let x = 0; x < outWidth; x++) {
      const level = luma[sample(data, 0, widthPx, lumaX, lumaY, x, y)]!;
      const u = sample(data, uPlane, chromaWidth, chromaX, chromaY, x, y);
      const v = sample(data, vPlane, chromaWidth, chromaX, chromaY, x, y);
      tensor[out + layout.red] = red[level + redV[v]!]!;
      tensor[out + layout.green] = green[level + greenU[u]! + greenV[v]!]!;
      tensor[out + layout.blue] = blue[level + blueU[u]!]!;
      out += layout.step;
    }
  }
}

function sample(
  data: Uint8Array,
  plane: number,
  stride: number,
  tapsX: LinearTaps,
  tapsY: LinearTaps,
  x: number,
  y: number,
): number {
  const x0 = tapsX.first[x]!;
  const x1 = tapsX.second[x]!;
  const wx = tapsX.weight[x]!;
  const top = plane + tapsY.first[y]! * stride;
  const bottom = plane + tapsY.second[y]! * stride;
  const upper = data[top + x0]! * (2048 - wx) + data[top + x1]! * wx;
  const lower = data[bottom + x0]! * (2048 - wx) + data[bottom + x1]! * wx;
  const wy = tapsY.weight[y]!;
  return (upper * (2048 - wy) + lower * wy + HALF) >> SHIFT;
}
