import type { Colour, Frame } from '../flow/frame.ts';
import type { ModelInput } from '../models/detection-model.ts';
import { type Letterbox, letterboxFrame } from './letterbox.ts';
import { resampleYuv420 } from './resample-yuv420.ts';
import { MarginKeeper, type TensorLayout, tensorLayout } from './tensor-layout.ts';
import { type YuvTables, yuvTables } from './yuv-tables.ts';

/** The pixels of a frame. */
export type Yuv420Picture = Pick<Frame, 'data' | 'widthPx' | 'heightPx' | 'colour' | 'source'>;

/**
 * I420 frame -> model input in one pass over the pixels: letterbox, colour conversion, colour order and normalisation.
 * Tables and geometry are kept from frame to frame, as a camera rarely changes them.
 */
export class Yuv420Preprocessor {
  readonly #input: ModelInput;
  readonly #layout: TensorLayout;
  readonly #margins = new MarginKeeper();
  #box: Letterbox | undefined;
  #boxKey = '';
  #tables: YuvTables | undefined;
  #colour: Colour | undefined;

  constructor(input: ModelInput) {
    this.#input = input;
    this.#layout = tensorLayout(input);
  }

  /**
   * Writes the whole input.
   * @param tensor the session's input buffer
   * @returns where the picture lies in it
   */
  write(frame: Yuv420Picture, tensor: Float32Array): Letterbox {
    const box = this.#geometry(frame);
    const tables = this.#tablesOf(frame.colour);
    this.#margins.ensure(tensor, this.#input, box);
    if (frame.widthPx === box.fitted.widthPx && frame.heightPx === box.fitted.heightPx) {
      convert(frame, tensor, this.#layout, box, tables);
    } else {
      resampleYuv420(frame, tensor, this.#layout, box, tables);
    }
    return box;
  }

  /** Call when something else wrote into the input buffer. */
  forgetMargins(): void {
    this.#margins.forget();
  }

  #geometry(frame: Yuv420Picture): Letterbox {
    const key = `${frame.widthPx}x${frame.heightPx} of ${frame.source.widthPx}x${frame.source.heightPx}`;
    if (this.#box === undefined || this.#boxKey !== key) {
      this.#box = letterboxFrame(frame, this.#input, this.#input.placement);
      this.#boxKey = key;
    }
    return this.#box;
  }

  #tablesOf(colour: Colour): YuvTables {
    if (this.#tables === undefined || !sameColour(this.#colour, colour)) {
      this.#tables = yuvTables(colour, this.#input);
      this.#colour = colour;
    }
    return this.#tables;
  }
}

function sameColour(a: Colour | undefined, b: Colour): boolean {
  return a?.matrix === b.matrix && a.range === b.range;
}

/** The picture has its size already: two rows at a time, so that four luma samples share one look at their chroma. */
function convert(
  frame: Yuv420Picture,
  tensor: Float32Array,
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
