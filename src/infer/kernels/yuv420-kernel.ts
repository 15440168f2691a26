import { type Colour, i420Bytes } from '../../flow/frame.ts';
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

const PAGE_BYTES = 65_536;
const LINE_BYTES = 64;
/** The kernel works on groups of so many pixels, and may read and write beyond a row's end up to a whole group. */
const GROUP_PX = 8;

let compiled: WebAssembly.Module | null | undefined;

/**
 * I420 -> model input by WebAssembly SIMD, for a frame that has the fitted size and a tensor with planar channels.
 *
 * WebAssembly sees only its own memory: the frame is copied in as a whole, and the tensor had better lie in there too, which
 * is what `tensor` is for. Of a tensor that lies elsewhere, or whose rows end inside a group, each converted row is copied
 * out while it is in the first-level cache.
 */
export class Yuv420Kernel {
  readonly #input: ModelInput;
  readonly #layout: TensorLayout;
  readonly #kernel: KernelExports;
  /** The kernel's memory. It is as large as any picture needs from the start: growing would detach `tensor`. */
  readonly #memory: ArrayBuffer;
  /** Memory for the model's input, into which pictures are converted without a copy. */
  readonly tensor: Float32Array<ArrayBuffer>;
  /** One picture, as the frame has it. */
  readonly #picture: Uint8Array;
  /** One converted row of each channel: red, green, blue. */
  readonly #rows: readonly [Float32Array, Float32Array, Float32Array];
  #colour: Colour | undefined;

  private constructor(input: ModelInput, module: WebAssembly.Module) {
    this.#input = input;
    this.#layout = tensorLayout(input);
    this.#kernel = new WebAssembly.Instance(module).exports as KernelExports;
    const rowBytes = wholeLines(4 * (input.widthPx + GROUP_PX));
    const rowsAt = wholeLines(4 * COEFFICIENTS);
    const tensorAt = rowsAt + 3 * rowBytes;
    const pictureAt = wholeLines(tensorAt + 4 * this.#layout.length);
    const pictureBytes = i420Bytes(input.widthPx, input.heightPx);
    const { memory } = this.#kernel;
    memory.grow(Math.ceil((pictureAt + pictureBytes + GROUP_PX) / PAGE_BYTES) - 1);
    this.#memory = memory.buffer;
    const row = (index: number) => new Float32Array(this.#memory, rowsAt + index * rowBytes, input.widthPx);
    this.#rows = [row(0), row(1), row(2)];
    this.tensor = new Float32Array(this.#memory, tensorAt, this.#layout.length);
    this.#picture = new Uint8Array(this.#memory, pictureAt, pictureBytes);
  }

  /** Undefined for a model with interleaved channels, and where the processor or the engine has no SIMD. */
  static create(input: ModelInput): Yuv420Kernel | undefined {
    if (input.layout !== 'nchw') return undefined;
    compiled ??= compile();
    return compiled === null ? undefined : new Yuv420Kernel(input, compiled);
  }

  /** Writes the picture, and nothing around it, to its place in the tensor. */
  convert(frame: Yuv420Picture, tensor: Float32Array, box: Letterbox): void {
    this.#useColour(frame.colour);
    this.#picture.set(frame.data);
    if (tensor.buffer === this.#memory && frame.widthPx % GROUP_PX === 0) this.#inPlace(frame, tensor, box);
    else this.#byRows(frame, tensor, box);
  }

  #inPlace({ widthPx, heightPx }: Yuv420Picture, tensor: Float32Array, box: Letterbox): void {
    const { red, green, blue } = this.#layout;
    for (let y = 0; y < heightPx; y++) {
      const out = tensor.byteOffset + 4 * ((box.top + y) * box.input.widthPx + box.left);
      this.#convertRow(widthPx, heightPx, y, out + 4 * red, out + 4 * green, out + 4 * blue);
    }
  }

  #byRows({ widthPx, heightPx }: Yuv420Picture, tensor: Float32Array, box: Letterbox): void {
    const { red, green, blue } = this.#layout;
    const [redRow, greenRow, blueRow] = this.#rows;
    const [redPart, greenPart, bluePart] = this.#rows.map((row) => row.subarray(0, widthPx));
    for (let y = 0; y < heightPx; y++) {
      this.#convertRow(widthPx, heightPx, y, redRow.byteOffset, greenRow.byteOffset, blueRow.byteOffset);
      const out = (box.top + y) * box.input.widthPx + box.left;
      tensor.set(redPart!, red + out);
      tensor.set(greenPart!, green + out);
      tensor.set(bluePart!, blue + out);
    }
  }

  /** Converts row `y` of the picture to the addresses of three rows. */
  #convertRow(widthPx: number, heightPx: number, y: number, red: number, green: number, blue: number): void {
    const chromaWidth = (widthPx + 1) >> 1;
    const luma = this.#picture.byteOffset;
    const u = luma + widthPx * heightPx + (y >> 1) * chromaWidth;
    const v = u + chromaWidth * ((heightPx + 1) >> 1);
    this.#kernel.convertRow(luma + y * widthPx, u, v, widthPx, red, green, blue);
  }

  #useColour(colour: Colour): void {
    if (sameColour(this.#colour, colour)) return;
    new Float32Array(this.#memory, 0, COEFFICIENTS).set(yuv420Coefficients(colour, this.#input));
    this.#colour = colour;
  }
}

function compile(): WebAssembly.Module | null {
  const bytes = Buffer.from(YUV420_WASM, 'base64');
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

function wholeLines(bytes: number): number {
  return Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
}
