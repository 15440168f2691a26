import type { Colour, Frame } from '../flow/frame.ts';
import type { ModelInput } from '../models/image-input.ts';
import type { InputArray } from './backend.ts';
import { convertYuv420 } from './convert-yuv420.ts';
import { Yuv420Kernel } from './kernels/yuv420-kernel.ts';
import { type Letterbox, letterboxFrame } from './letterbox.ts';
import { resampleYuv420 } from './resample-yuv420.ts';
import { MarginKeeper, type TensorLayout, tensorLayout } from './tensor-layout.ts';
import { sameColour } from './yuv-matrix.ts';
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
  readonly #kernel: Yuv420Kernel | undefined;
  #box: Letterbox | undefined;
  /** Sizes of the pictures that lie in `#box`. */
  #boxOf: Pick<Yuv420Picture, 'widthPx' | 'heightPx' | 'source'> | undefined;
  #tables: YuvTables | undefined;
  #colour: Colour | undefined;

  constructor(input: ModelInput) {
    this.#input = input;
    this.#layout = tensorLayout(input);
    this.#kernel = Yuv420Kernel.create(input);
  }

  /** Memory for the model's input into which frames are written fastest; undefined when all memory is alike. */
  get inputMemory(): InputArray<ArrayBuffer> | undefined {
    return this.#kernel?.tensor;
  }

  /**
   * Writes the whole input.
   * @param tensor the session's input buffer
   * @returns where the picture lies in it
   */
  write(frame: Yuv420Picture, tensor: InputArray): Letterbox {
    const box = this.#geometry(frame);
    this.#margins.ensure(tensor, this.#input, box);
    if (frame.widthPx !== box.fitted.widthPx || frame.heightPx !== box.fitted.heightPx) {
      resampleYuv420(frame, tensor, this.#layout, box, this.#tablesOf(frame.colour));
    } else if (this.#kernel !== undefined) {
      this.#kernel.convert(frame, tensor, box);
    } else {
      convertYuv420(frame, tensor, this.#layout, box, this.#tablesOf(frame.colour));
    }
    return box;
  }

  /** Call when something else wrote into the input buffer. */
  forgetMargins(): void {
    this.#margins.forget();
  }

  #geometry(frame: Yuv420Picture): Letterbox {
    const { widthPx, heightPx, source } = frame;
    const known = this.#boxOf;
    const same =
      known?.widthPx === widthPx &&
      known.heightPx === heightPx &&
      known.source.widthPx === source.widthPx &&
      known.source.heightPx === source.heightPx;
    if (this.#box === undefined || !same) {
      this.#box = letterboxFrame(frame, this.#input, this.#input.placement);
      this.#boxOf = { widthPx, heightPx, source };
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
