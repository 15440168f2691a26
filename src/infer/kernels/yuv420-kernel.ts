import { type Colour, i420Bytes } from '../../flow/frame.ts';
import type { ModelInput } from '../../models/image-input.ts';
import type { InputArray } from '../backend.ts';
import type { Letterbox } from '../letterbox.ts';
import type { Yuv420Picture } from '../preprocess-yuv420.ts';
import { type TensorLayout, tensorLayout } from '../tensor-layout.ts';
import { sameColour } from '../yuv-matrix.ts';
import { COEFFICIENTS, yuv420Coefficients } from './yuv420-coefficients.ts';
import { YUV420_WASM } from './yuv420-wasm.ts';

/** Every argument but width, rows and step is an address. */
type ConvertRows = (
  luma: number,
  u: number,
  v: number,
  widthPx: number,
  rows: number,
  red: number,
  green: number,
  blue: number,
  stepBytes: number,
) => void;

/** What yuv420.wat exports. */
interface KernelExports {
  readonly memory: WebAssembly.Memory;
  /** Writes float32. */
  readonly convertRows: ConvertRows;
  /** Writes whole levels as bytes. */
  readonly convertRowsToBytes: ConvertRows;
}

const PAGE_BYTES = 65_536;
const LINE_BYTES = 64;
/** The kernel works on groups of so many pixels, and may read and write beyond a row's end up to a whole group. */
const GROUP_PX = 8;

const ROWS_AT = wholeLines(4 * COEFFICIENTS);

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
  readonly #convertRows: ConvertRows;
  /** Bytes of one value of the tensor. */
  readonly #size: 1 | 4;
  /** The kernel's memory. It is as large as any picture needs from the start: growing would detach `tensor`. */
  readonly #memory: ArrayBuffer;
  /** Memory for the model's input, into which pictures are converted without a copy. */
  readonly tensor: InputArray<ArrayBuffer>;
  /** One picture, as the frame has it. */
  readonly #picture: Uint8Array;
  #colour: Colour | undefined;

  private constructor(input: ModelInput, module: WebAssembly.Module) {
    this.#input = input;
    this.#layout = tensorLayout(input);
    const exports = new WebAssembly.Instance(module).exports as KernelExports;
    const { memory } = exports;
    const isBytes = input.type === 'uint8';
    this.#convertRows = isBytes ? exports.convertRowsToBytes : exports.convertRows;
    this.#size = isBytes ? 1 : 4;
    const tensorAt = ROWS_AT + 3 * rowBytes(input);
    const pictureAt = wholeLines(tensorAt + this.#size * this.#layout.length + GROUP_PX);
    const pictureBytes = i420Bytes(input.widthPx, input.heightPx);
    memory.grow(Math.ceil((pictureAt + pictureBytes + GROUP_PX) / PAGE_BYTES) - 1);
    this.#memory = memory.buffer;
    this.tensor = this.#view(tensorAt, this.#layout.length);
    this.#picture = new Uint8Array(this.#memory, pictureAt, pictureBytes);
  }

  /** Undefined for a model with interleaved channels, and where the processor or the engine has no SIMD. */
  static create(input: ModelInput): Yuv420Kernel | undefined {
    if (!input.layout.endsWith('chw')) return undefined;
    compiled ??= compile();
    return compiled === null ? undefined : new Yuv420Kernel(input, compiled);
  }

  /** Writes the picture, and nothing around it, to its place in the tensor. */
  convert(frame: Yuv420Picture, tensor: InputArray, box: Letterbox): void {
    this.#useColour(frame.colour);
    this.#picture.set(frame.data);
    const inPlace = tensor.buffer === this.#memory && frame.widthPx % GROUP_PX === 0;
    if (inPlace) this.#convertInPlace(frame, tensor, box);
    else this.#convertByRows(frame, tensor, box);
  }

  #convertInPlace({ widthPx, heightPx }: Yuv420Picture, tensor: InputArray, box: Letterbox): void {
    const { red, green, blue } = this.#layout;
    const { luma, u, v } = this.#planes(widthPx, heightPx);
    const size = this.#size;
    const stepBytes = size * box.input.widthPx;
    const out = tensor.byteOffset + box.top * stepBytes + size * box.left;
    const [redAt, greenAt, blueAt] = [out + size * red, out + size * green, out + size * blue];
    this.#convertRows(luma, u, v, widthPx, heightPx, redAt, greenAt, blueAt, stepBytes);
  }

  #convertByRows({ widthPx, heightPx }: Yuv420Picture, tensor: InputArray, box: Letterbox): void {
    const { red, green, blue } = this.#layout;
    const { luma, u, v, chromaWidth } = this.#planes(widthPx, heightPx);
    const redRow = this.#row(0, widthPx);
    const greenRow = this.#row(1, widthPx);
    const blueRow = this.#row(2, widthPx);
    const [redAt, greenAt, blueAt] = [redRow.byteOffset, greenRow.byteOffset, blueRow.byteOffset];
    for (let y = 0; y < heightPx; y++) {
      const chroma = (y >> 1) * chromaWidth;
      this.#convertRows(luma + y * widthPx, u + chroma, v + chroma, widthPx, 1, redAt, greenAt, blueAt, 0);
      const out = (box.top + y) * box.input.widthPx + box.left;
      tensor.set(redRow, red + out);
      tensor.set(greenRow, green + out);
      tensor.set(blueRow, blue + out);
    }
  }

  /** Place for one converted row of a channel. */
  #row(channel: number, widthPx: number): InputArray<ArrayBuffer> {
    return this.#view(ROWS_AT + channel * rowBytes(this.#input), widthPx);
  }

  #view(at: number, length: number): InputArray<ArrayBuffer> {
    return this.#size === 1
      ? new Uint8Array(this.#memory, at, length)
      : new Float32Array(this.#memory, at, length);
  }

  /** Addresses of the picture's planes. */
  #planes(widthPx: number, heightPx: number): { luma: number; u: number; v: number; chromaWidth: number } {
    const chromaWidth = (widthPx + 1) >> 1;
    const luma = this.#picture.byteOffset;
    const u = luma + widthPx * heightPx;
    return { luma, u, v: u + chromaWidth * ((heightPx + 1) >> 1), chromaWidth };
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

/** Bytes of the place for one converted row. */
function rowBytes(input: ModelInput): number {
  return wholeLines(4 * (input.widthPx + GROUP_PX));
}

function wholeLines(bytes: number): number {
  return Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
}
