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
  const { step } = layout;
  const chromaWidth = (width + 1) >> 1;
  const uPlane = width * height;
  const vPlane = uPlane + chromaWidth * ((height + 1) >> 1);
  const rowStep = box.input.widthPx * step;
  for (let y = 0; y < height; y += 2) {
    const top = y * width;
    // A last row without a partner is written twice, to the same place.
    const below = y + 1 < height ? width : 0;
    const belowOut = y + 1 < height ? rowStep : 0;
    const chromaRow = (y >> 1) * chromaWidth;
    let out = (box.top + y) * rowStep + box.left * step;
    for (let x = 0; x < width; x += 2) {
      const u = data[uPlane + chromaRow + (x >> 1)]!;
      const v = data[vPlane + chromaRow + (x >> 1)]!;
      const r = redV[v]!;
      const g = greenU[u]! + greenV[v]!;
      const b = blueU[u]!;
      const right = x + 1 < width ? 1 : 0;
      const rightOut = right * step;
      const at = top + x;
      const y00 = luma[data[at]!]!;
      const y01 = luma[data[at + right]!]!;
      const y10 = luma[data[at + below]!]!;
      const y11 = luma[data[at + below + right]!]!;
      const outR = out + layout.red;
      tensor[outR] = red[y00 + r]!;
      tensor[outR + rightOut] = red[y01 + r]!;
      tensor[outR + belowOut] = red[y10 + r]!;
      tensor[outR + belowOut + rightOut] = red[y11 + r]!;
      const outG = out + layout.green;
      tensor[outG] = green[y00 + g]!;
      tensor[outG + rightOut] = green[y01 + g]!;
      tensor[outG + belowOut] = green[y10 + g]!;
      tensor[outG + belowOut + rightOut] = green[y11 + g]!;
      const outB = out + layout.blue;
      tensor[outB] = blue[y00 + b]!;
      tensor[outB + rightOut] = blue[y01 + b]!;
      tensor[outB + belowOut] = blue[y10 + b]!;
      tensor[outB + belowOut + rightOut] = blue[y11 + b]!;
      out += 2 * step;
    }
  }
}
