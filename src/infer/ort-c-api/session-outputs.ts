import type { Tensor, TensorInfo } from '../backend.ts';
import { CStrings } from './c-strings.ts';
import { NativeTensor, OutputMemory } from './native-tensor.ts';
import { addressOf, type OrtApi, type Pointer } from './ort-api.ts';

/**
 * The outputs of a session. One that ONNX Runtime allocated is copied. Where the model declares a static shape that the first run
 * confirms, later runs write straight into that copy's memory; others are copied into memory that is kept from run to run.
 */
export class SessionOutputs {
  readonly names: CStrings;
  readonly count: number;
  /** Address of the array of `OrtValue *` for `Run`. */
  readonly valuesAt: Pointer;
  readonly #api: OrtApi;
  readonly #infos: readonly TensorInfo[];
  readonly #values: BigUint64Array;
  readonly #bound: (NativeTensor | undefined)[];
  /** Whether the shape may be another in every run. */
  readonly #isOpen: boolean[];
  readonly #memories: readonly OutputMemory[];

  constructor(api: OrtApi, infos: readonly TensorInfo[]) {
    this.#api = api;
    this.#infos = infos;
    this.names = new CStrings(infos.map(({ name }) => name));
    this.count = infos.length;
    this.#values = new BigUint64Array(infos.length);
    this.valuesAt = addressOf(this.#values);
    this.#bound = infos.map(() => undefined);
    this.#isOpen = infos.map(({ dims }) => dims.includes(null));
    this.#memories = infos.map(() => new OutputMemory());
  }

  /** Before a run: memory of our own where the shape is known, else ONNX Runtime allocates. */
  prepare(): void {
    for (const [i, output] of this.#bound.entries()) this.#values[i] = output?.value ?? 0n;
  }

  /** After a run. Valid until the next one. */
  read(): readonly Tensor[] {
    try {
      return this.#infos.map((info, i) => {
        const bound = this.#bound[i];
        if (bound !== undefined) return bound.read();
        const value = this.#values[i]!;
        if (this.#isOpen[i]) return this.#memories[i]!.read(this.#api, value);
        const copy = NativeTensor.copyOf(this.#api, value);
        const isAsDeclared =
          copy.dims.length === info.dims.length && copy.dims.every((dim, axis) => dim === info.dims[axis]);
        if (!isAsDeclared) {
          copy.release();
          this.#isOpen[i] = true;
          return this.#memories[i]!.read(this.#api, value);
        }
        this.#values[i] = 0n;
        this.#api.ReleaseValue(value);
        this.#bound[i] = copy;
        return copy.read();
      });
    } finally {
      this.dropAllocated();
    }
  }

  /** Frees what ONNX Runtime allocated in the last run. */
  dropAllocated(): void {
    for (const [i, bound] of this.#bound.entries()) {
      const value = this.#values[i]!;
      if (bound !== undefined || value === 0n) continue;
      this.#values[i] = 0n;
      this.#api.ReleaseValue(value);
    }
  }

  /** Forgets the shapes that were seen. */
  unbind(): void {
    for (const output of this.#bound) output?.release();
    this.#bound.fill(undefined);
  }
}
