import type { FixedInput, TensorInfo } from '../backend.ts';
import { shapeMismatch } from '../run-error.ts';
import { CStrings } from './c-strings.ts';
import { NativeTensor } from './native-tensor.ts';
import { addressOf, type OrtApi, type Pointer } from './ort-api.ts';

/** The inputs of a session, over memory that lives as long as it: the picture, written by the caller, and fixed ones. */
export class SessionInputs {
  readonly names: CStrings;
  readonly count: number;
  /** Address of the array of `OrtValue *` for `Run`. */
  readonly valuesAt: Pointer;
  readonly #api: OrtApi;
  readonly #values: BigUint64Array;
  readonly #fixed: readonly NativeTensor[];
  readonly #givenMemory: Float32Array<ArrayBuffer> | undefined;
  readonly #takesBytes: boolean;
  #floats = new Float32Array(0);
  /** What a model that takes uint8 is given. */
  #bytes = new Uint8ClampedArray(0);
  #picture: NativeTensor | undefined;

  /** @param inputs the picture, then one for each of `fixed` */
  constructor(
    api: OrtApi,
    inputs: readonly TensorInfo[],
    fixed: readonly FixedInput[],
    givenMemory: Float32Array<ArrayBuffer> | undefined,
  ) {
    this.#api = api;
    this.#givenMemory = givenMemory;
    this.#takesBytes = inputs[0]?.type === 'uint8';
    this.names = new CStrings(inputs.map(({ name }) => name));
    this.count = inputs.length;
    this.#values = new BigUint64Array(inputs.length);
    this.valuesAt = addressOf(this.#values);
    this.#fixed = fixed.map(({ type, dims, values }) =>
      NativeTensor.over(api, type, dims, BigInt64Array.from(values, BigInt)),
    );
    for (const [i, tensor] of this.#fixed.entries()) this.#values[i + 1] = tensor.value;
  }

  /** The buffer for a picture of `length` values. */
  floats(length: number): Float32Array {
    if (this.#floats.length !== length) {
      this.#unbind();
      const given = this.#givenMemory;
      this.#floats = given?.length === length ? given : new Float32Array(length);
    }
    return this.#floats;
  }

  /**
   * Makes what was written ready for a run.
   *
   * @returns whether the shape is another than that of the run before
   * @throws OcellusError `inference_failed` when the shape needs another number of values
   */
  bind(dims: readonly number[]): boolean {
    const mismatch = shapeMismatch(dims, this.#floats.length);
    if (mismatch !== undefined) throw mismatch;
    const known = this.#picture?.dims;
    const isNew = known?.length !== dims.length || !dims.every((dim, axis) => dim === known[axis]);
    if (isNew) {
      this.#unbind();
      if (this.#takesBytes) this.#bytes = new Uint8ClampedArray(this.#floats.length);
      this.#picture = this.#takesBytes
        ? NativeTensor.over(this.#api, 'uint8', [...dims], new Uint8Array(this.#bytes.buffer))
        : NativeTensor.over(this.#api, 'float32', [...dims], this.#floats);
      this.#values[0] = this.#picture.value;
    }
    if (this.#takesBytes) this.#bytes.set(this.#floats);
    return isNew;
  }

  release(): void {
    this.#unbind();
    for (const tensor of this.#fixed) tensor.release();
  }

  #unbind(): void {
    this.#picture?.release();
    this.#picture = undefined;
  }
}
