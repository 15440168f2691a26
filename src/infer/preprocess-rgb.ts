import type { SizePx } from '../flow/geometry.ts';
import type { ModelInput } from '../models/image-input.ts';
import type { InputArray } from './backend.ts';
import { type Letterbox, letterbox } from './letterbox.ts';
import { linearTaps, TAP_ONE } from './linear-taps.ts';
import { channelIndex, fillMargins, normalise, tensorLayout } from './tensor-layout.ts';

/** A decoded picture: `widthPx * heightPx` interleaved R, G, B bytes. */
export interface RgbImage extends SizePx {
  readonly data: Uint8Array;
}

/**
 * RGB picture -> model input. Resizing is that of OpenCV's INTER_LINEAR on bytes (11-bit weights, half-pixel centres,
 * rounded to bytes again), as models' own evaluation does; a plain bilinear one shifts scores in the third decimal.
 *
 * @param tensor the session's input buffer, written whole
 * @returns where the picture lies in it
 */
export function writeRgb(image: RgbImage, input: ModelInput, tensor: InputArray): Letterbox {
  const layout = tensorLayout(input);
  const box = letterbox(image, input, input.placement);
  fillMargins(tensor, input, box);
  const { widthPx: outWidth, heightPx: outHeight } = box.fitted;
  const tapsX = linearTaps(image.widthPx, outWidth);
  const tapsY = linearTaps(image.heightPx, outHeight);
  const levels = (colour: 'red' | 'green' | 'blue') =>
    Float32Array.from({ length: 256 }, (_, level) => normalise(input, channelIndex(input, colour), level));
  const tables = [levels('red'), levels('green'), levels('blue')] as const;
  const offsets = [layout.red, layout.green, layout.blue] as const;
  const { data, widthPx } = image;
  for (let y = 0; y < outHeight; y++) {
    const top = tapsY.first[y]! * widthPx;
    const bottom = tapsY.second[y]! * widthPx;
    const wy = tapsY.weight[y]!;
    for (let x = 0; x < outWidth; x++) {
      const x0 = tapsX.first[x]!;
      const x1 = tapsX.second[x]!;
      const wx = tapsX.weight[x]!;
      const out = ((box.top + y) * input.widthPx + box.left + x) * layout.step;
      for (let c = 0; c < 3; c++) {
        const upper = data[(top + x0) * 3 + c]! * (TAP_ONE - wx) + data[(top + x1) * 3 + c]! * wx;
        const lower = data[(bottom + x0) * 3 + c]! * (TAP_ONE - wx) + data[(bottom + x1) * 3 + c]! * wx;
        // OpenCV's VResizeLinear drops four bits before and sixteen after the second multiplication.
        const level = ((((TAP_ONE - wy) * (upper >> 4)) >> 16) + ((wy * (lower >> 4)) >> 16) + 2) >> 2;
        tensor[out + offsets[c]!] = tables[c]![Math.min(255, level)]!;
      }
    }
  }
  return box;
}
