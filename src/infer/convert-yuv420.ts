import type { InputArray } from './backend.ts';
import type { Letterbox } from './letterbox.ts';
import type { Yuv420Picture } from './preprocess-yuv420.ts';
import type { TensorLayout } from './tensor-layout.ts';
import type { YuvTables } from './yuv-tables.ts';

/**
 * The way without SIMD for a frame that has the fitted size: two rows at a time, so that four luma samples share one look at
 * their chroma. For interleaved channels, and for machines that cannot run the kernel.
 */
export function convertYuv420(
  frame: Yuv420Picture,
  tensor: InputArray,
  layout: TensorLayout,
  box: Letterbox,
  tables: YuvTables,
): void {
  const { luma, redV, greenU, greenV, blueU, red, green, blue } = tables;
  const { data, widthPx: width, heightPx: height } = frame;
  const { step, red: redAt, green: greenAt, blue: blueAt } = layout;
  const chromaWidth = (width + 1) >> 1;
  const uPlane = width * height;
  const vPlane = uPlane + chromaWidth * ((height + 1) >> 1);
  const rowStep = box.input.widthPx * step;
  for (let y = 0; y < height; y += 2) {
    // A last row or column without a partner is its own, and is written twice to the same place.
    const hasBelow = y + 1 < height;
    let upper = y * width;
    let lower = hasBelow ? upper + width : upper;
    let out = (box.top + y) * rowStep + box.left * step;
    let outBelow = hasBelow ? out + rowStep : out;
    let u = uPlane + (y >> 1) * chromaWidth;
    let v = vPlane + (y >> 1) * chromaWidth;
    for (let left = width; left > 0; left -= 2) {
      const right = left > 1 ? 1 : 0;
      const outRight = right * step;
      const cr = data[v]!;
      const cb = data[u]!;
      const r = redV[cr]!;
      const g = greenU[cb]! + greenV[cr]!;
      const b = blueU[cb]!;
      const a0 = luma[data[upper]!]!;
      const a1 = luma[data[upper + right]!]!;
      const b0 = luma[data[lower]!]!;
      const b1 = luma[data[lower + right]!]!;
      tensor[redAt + out] = red[a0 + r]!;
      tensor[redAt + out + outRight] = red[a1 + r]!;
      tensor[redAt + outBelow] = red[b0 + r]!;
      tensor[redAt + outBelow + outRight] = red[b1 + r]!;
      tensor[greenAt + out] = green[a0 + g]!;
      tensor[greenAt + out + outRight] = green[a1 + g]!;
      tensor[greenAt + outBelow] = green[b0 + g]!;
      tensor[greenAt + outBelow + outRight] = green[b1 + g]!;
      tensor[blueAt + out] = blue[a0 + b]!;
      tensor[blueAt + out + outRight] = blue[a1 + b]!;
      tensor[blueAt + outBelow] = blue[b0 + b]!;
      tensor[blueAt + outBelow + outRight] = blue[b1 + b]!;
      upper += 2;
      lower += 2;
      out += 2 * step;
      outBelow += 2 * step;
      u += 1;
      v += 1;
    }
  }
}
