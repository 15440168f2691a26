import { type Colour, i420Bytes } from '../../flow/frame.ts';
import type { SizePx } from '../../flow/geometry.ts';
import type { ModelInput } from '../../models/detection-model.ts';
import type { Letterbox } from '../letterbox.ts';
import type { Yuv420Picture } from '../preprocess-yuv420.ts';
import { type TensorLayout, tensorLayout } from '../tensor-layout.ts';
import { sameColour } from '../yuv-matrix.ts';
import { COEFFICIENTS, yuv420Coefficients } from './yuv420-coefficients.ts';
import { YUV420_WASM } from './yuv420-wasm.ts';

/** What yuv420.wat exports; every argument but the width is an address. */
interface KernelExports {
  readonly memory: WebAssembly.Memory;
  convertRow(
    luma: number,
    u: number,
    v: number,
    widthPx: number,
    red: number,
    green: number,
    blue: number,
  ): void;
}

/** Places in the kernel's memory for pictures of one size. */
interface Staging extends SizePx {
  /** The whole picture, as the frame has it. */
  readonly picture: Uint8Array;
  /** One converted row of each channel. */
  readonly red: Float32Array;
  readonly green: Float32Array;
  readonly blue: Float32Array;
}

const PAGE_BYTES = 65_536;
const LINE_BYTES = 64;
/** The kernel works on groups of so many pixels, and may read and write beyond a row's end up to a whole group. */
const GROUP_PX = 8;

let compiled: WebAssembly.Module | null | undefined;

/**
 * I420 -> model input by WebAssembly SIMD, for a frame that has the fitted size and a tensor with planar channels.
 *
 * WebAssembly sees only its own memory: the frame is copied in as a whole, and each converted row is copied out while it is
 * in the first-level cache. Both copies together take less time than bounds checks do in JavaScript.
 */
export class Yuv420Kernel {
  readonly #input: ModelInput;
  readonly #layout: TensorLayout;
  readonly #kernel: KernelExports;
  #staging: Staging | undefined;
  #colour: Colour | undefined;

  private constructor(input: ModelInput, module: WebAssembly.Module) {
    this.#input = input;
    this.#layout = tensorLayout(input);
    this.#kernel = new WebAssembly.Instance(module).exports as KernelExports;
  }

  /** Undefined for a model with interleaved channels, and where the processor or the engine has no SIMD. */
  static create(input: ModelInput): Yuv420Kernel | undefined {
    if (input.layout !== 'nchw') return undefined;
    compiled ??= compile();
    return compiled === null ? undefined : new Yuv420Kernel(input, compiled);
  }

  /** Writes the picture, and nothing around it, to its place in the tensor. */
  convert(frame: Yuv420Picture, tensor: Float32Array, box: Letterbox): void {
    const { widthPx, heightPx } = frame;
    const { picture, red, green, blue } = this.#stagingFor(widthPx, heightPx);
    this.#useColour(frame.colour);
    picture.set(frame.data);
    const chromaWidth = (widthPx + 1) >> 1;
    const luma = picture.byteOffset;
    const u = luma + widthPx * heightPx;
    const v = u + chromaWidth * ((heightPx + 1) >> 1);
    for (let y = 0; y < heightPx; y++) {
      const chromaRow = (y >> 1) * chromaWidth;
      this.#kernel.convertRow(
        luma + y * widthPx,
        u + chromaRow,
        v + chromaRow,
        widthPx,
        red.byteOffset,
        green.byteOffset,
        blue.byteOffset,
      );
      const out = (box.top + y) * box.input.widthPx + box.left;
      tensor.set(red, this.#layout.red + out);
      tensor.set(green, this.#layout.green + out);
      tensor.set(blue, this.#layout.blue + out);
    }
  }

  #useColour(colour: Colour): void {
    if (sameColour(this.#colour, colour)) return;
    new Float32Array(this.#kernel.memory.buffer, 0, COEFFICIENTS).set(
      yuv420Coefficients(colour, this.#input),
    );
    this.#colour = colour;
  }

  #stagingFor(widthPx: number, heightPx: number): Staging {
    const known = this.#staging;
    if (known?.widthPx === widthPx && known.heightPx === heightPx) return known;
    const rowBytes = wholeLines(4 * (widthPx + GROUP_PX));
    const rows = wholeLines(4 * COEFFICIENTS);
    const pictureAt = rows + 3 * rowBytes;
    const pictureBytes = i420Bytes(widthPx, heightPx);
    const { memory } = this.#kernel;
    const missing = pictureAt + pictureBytes + GROUP_PX - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    const row = (index: number) => new Float32Array(memory.buffer, rows + index * rowBytes, widthPx);
    this.#staging = {
      widthPx,
      heightPx,
      picture: new Uint8Array(memory.buffer, pictureAt, pictureBytes),
      red: row(0),
      green: row(1),
      blue: row(2),
    };
    return this.#staging;
  }
}

function compile(): WebAssembly.Module | null {
  const bytes = Buffer.from(YUV420_WASM, 'base64');
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

function wholeLines(bytes: number): number {
  return Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
}
