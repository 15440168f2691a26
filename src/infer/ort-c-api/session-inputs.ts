import { type FixedInput, type InputArray, inputArray, type TensorInfo } from '../backend.ts';
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
  readonly #givenMemory: InputArray<ArrayBuffer> | undefined;
  readonly #type: TensorInfo['type'];
  #data: InputArray<ArrayBuffer>;
  #picture: NativeTensor | undefined;

  /** @param inputs the picture, then one for each of `fixed` */
  constructor(
    api: OrtApi,
    inputs: readonly TensorInfo[],
    fixed: readonly FixedInput[],
    givenMemory: InputArray<ArrayBuffer> | undefined,
  ) {
    this.#api = api;
    this.#type = inputs[0]!.type;
    this.#data = inputArray(this.#type, 0);
    // Bytes are no floats: memory of the other type would be read wrongly.
    this.#givenMemory = givenMemory?.constructor === this.#data.constructor ? givenMemory : undefined;
    this.names = new CStrings(inputs.map(({ name }) => name));
    this.count = inputs.length;
    this.#values = new BigUint64Array(inputs.length);
    this.valuesAt = addressOf(this.#values);
    this.#fixed = fixed.map(({ type, dims, values }) =>
      NativeTensor.over(api, type, dims, BigInt64Array.from(values, BigInt)),
    );
    for (const [i, tensor] of this.#fixed.entries()) this.#values[i + 1] = tensor.value;
  }

  /** The buffer for a picture of `length` values, of the model's type. */
  picture(length: number): InputArray {
    if (this.#data.length !== length) {
      this.#unbind();
      const given = this.#givenMemory;
      this.#data = given?.length === length ? given : inputArray(this.#type, length);
    }
    return this.#data;
  }

  /**
   * Makes what was written ready for a run.
   *
   * @returns whether the shape is another than that of the run before
   * @throws OcellusError `inference_failed` when the shape needs another number of values
   */
  bind(dims: readonly number[]): boolean {
    const mismatch = shapeMismatch(dims, this.#data.length);
    if (mismatch !== undefined) throw mismatch;
    const known = this.#picture?.dims;
    const isNew = known?.length !== dims.length || !dims.every((dim, axis) => dim === known[axis]);
    if (isNew) {
      this.#unbind();
      this.#picture = NativeTensor.over(this.#api, this.#type, [...dims], this.#data);
      this.#values[0] = this.#picture.value;
    }
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
