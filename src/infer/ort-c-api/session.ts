import type { Clock } from '../../base/clock.ts';
import { withDeadline } from '../../base/deadline.ts';
import { OcellusError } from '../../base/errors.ts';
import { Watchdog } from '../../base/watchdog.ts';
import type { Provider } from '../../config/schema.ts';
import {
  type InferenceSession,
  type InputArray,
  inputArray,
  type ProviderRefusal,
  type Tensor,
  type TensorInfo,
} from '../backend.ts';
import { plainReason } from '../provider-choice.ts';
import { runFailed, runTimedOut, sessionClosed, shapeMismatch } from '../run-error.ts';
import { NativeTensor } from './native-tensor.ts';
import { addressOf, type OrtApi, type Pointer } from './ort-api.ts';
import { check, takeOut, takeStatus } from './status.ts';

/** How long a run may go on after it was told to end, before it is reported as one that cannot be ended. */
const TERMINATE_GRACE_MS = 1_000;

export interface OpenedModel {
  readonly handle: Pointer;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly provider: Provider;
  readonly refused: readonly ProviderRefusal[];
}

/**
 * A session of the C API. `Run` is called on a thread of libuv's pool, so that the event loop goes on; `RunOptionsSetTerminate`
 * ends it between two nodes of the graph. All memory that a run touches is referenced from here until the run has ended.
 */
export class OrtSession implements InferenceSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly provider: Provider;
  readonly refused: readonly ProviderRefusal[];
  readonly #api: OrtApi;
  readonly #clock: Clock;
  readonly #handle: Pointer;
  readonly #runOptions: Pointer;
  readonly #inputNames: CStrings;
  readonly #outputNames: CStrings;
  readonly #inputValues = new BigUint64Array(1);
  readonly #inputValuesAt = addressOf(this.#inputValues);
  readonly #outputValues: BigUint64Array;
  readonly #outputValuesAt: Pointer;
  readonly #boundOutputs: (NativeTensor | undefined)[];
  readonly #inputMemory: InputArray<ArrayBuffer> | undefined;
  readonly #inputType: TensorInfo['type'];
  #inputData: InputArray<ArrayBuffer>;
  #boundInput: NativeTensor | undefined;
  /** Settles when the native call has returned; never rejects. */
  #running: Promise<Error | undefined> | undefined;
  #spent = false;
  readonly #watchdog: Watchdog;
  #isLate = false;
  #giveUp = () => {};
  #closing: Promise<void> | undefined;

  /** @param inputMemory see `SessionOptions` */
  constructor(
    api: OrtApi,
    clock: Clock,
    model: OpenedModel,
    inputMemory: InputArray<ArrayBuffer> | undefined,
  ) {
    this.#api = api;
    this.#clock = clock;
    this.#watchdog = new Watchdog(clock, () => this.#late());
    this.#handle = model.handle;
    this.inputs = model.inputs;
    this.outputs = model.outputs;
    this.provider = model.provider;
    this.refused = model.refused;
    this.#inputType = model.inputs[0]!.type;
    this.#inputData = inputArray(this.#inputType, 0);
    // Bytes are no floats: memory of the other type would be read wrongly.
    this.#inputMemory = inputMemory?.constructor === this.#inputData.constructor ? inputMemory : undefined;
    this.#inputNames = new CStrings(model.inputs.map((input) => input.name));
    this.#outputNames = new CStrings(model.outputs.map((output) => output.name));
    this.#outputValues = new BigUint64Array(model.outputs.length);
    this.#outputValuesAt = addressOf(this.#outputValues);
    this.#boundOutputs = model.outputs.map(() => undefined);
    this.#runOptions = takeOut((out) => check(api, api.CreateRunOptions(out)));
  }

  input(length: number): InputArray {
    if (this.#inputData.length !== length) {
      this.#unbindInput();
      const given = this.#inputMemory;
      this.#inputData = given?.length === length ? given : inputArray(this.#inputType, length);
    }
    return this.#inputData;
  }

  async run(dims: readonly number[], deadlineMs: number): Promise<readonly Tensor[]> {
    if (this.#closing !== undefined || this.#spent) throw sessionClosed();
    if (this.#running !== undefined)
      throw runFailed('a run is in progress, and a session runs one at a time');
    this.#bind(dims);
    this.#running = this.#call();
    const failure = await this.#endedBy(this.#running, deadlineMs);
    if (this.#closing !== undefined) throw sessionClosed();
    // Only a deadline or closing ends a run.
    if (this.#spent) throw runTimedOut(deadlineMs, 'it was ended', failure);
    if (failure !== undefined) throw runFailed(plainReason(failure), failure);
    return this.#readOutputs();
  }

  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<void> {
    if (this.#running !== undefined) {
      this.#terminate();
      try {
        await withDeadline(this.#running, deadlineMs, 'ending the run', this.#clock);
      } catch (error) {
        // Memory that native code still uses is never freed under it: the rest follows when the run ends after all.
        void this.#running.then(() => this.#free());
        throw new OcellusError(
          'deadline_exceeded',
          `the run of a model did not end within ${deadlineMs} ms of close`,
          {
            hint: 'a provider hangs; the process can only be ended by SIGKILL while it does',
            cause: error,
          },
        );
      }
    }
    await this.#free();
  }

  /** Ends the profile of a session that was opened with one; it is complete on disk then. */
  endProfiling(): void {
    const allocator = takeOut((out) => check(this.#api, this.#api.GetAllocatorWithDefaultOptions(out)));
    const name = takeOut((out) =>
      check(this.#api, this.#api.SessionEndProfiling(this.#handle, allocator, out)),
    );
    check(this.#api, this.#api.AllocatorFree(allocator, name));
  }

  /** Waits for a run and ends it at its deadline. */
  #endedBy(running: Promise<Error | undefined>, deadlineMs: number): Promise<Error | undefined> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => reject(runTimedOut(deadlineMs, 'it does not end although it was told to'));
      this.#watchdog.start(deadlineMs);
      void running.then((failure) => {
        this.#watchdog.stop();
        resolve(failure);
      });
    });
  }

  /** A run takes too long: it is told to end, and given up when it does not. */
  #late(): void {
    if (this.#isLate) {
      this.#giveUp();
      return;
    }
    this.#isLate = true;
    this.#terminate();
    this.#watchdog.start(TERMINATE_GRACE_MS);
  }

  #terminate(): void {
    this.#spent = true;
    check(this.#api, this.#api.RunOptionsSetTerminate(this.#runOptions));
  }

  /** Binds the input to our memory, once per shape. */
  #bind(dims: readonly number[]): void {
    const mismatch = shapeMismatch(dims, this.#inputData.length);
    if (mismatch !== undefined) throw mismatch;
    if (this.#boundInput === undefined || !sameDims(this.#boundInput.dims, dims)) {
      this.#unbindInput();
      this.#unbindOutputs();
      this.#boundInput = NativeTensor.over(this.#api, this.#inputType, [...dims], this.#inputData);
      this.#inputValues[0] = this.#boundInput.value;
    }
    for (const [i, output] of this.#boundOutputs.entries()) this.#outputValues[i] = output?.value ?? 0n;
  }

  #call(): Promise<Error | undefined> {
    return new Promise<Error | undefined>((resolve) => {
      this.#api.Run.async(
        this.#handle,
        this.#runOptions,
        this.#inputNames.address,
        this.#inputValuesAt,
        1,
        this.#outputNames.address,
        this.#outputValues.length,
        this.#outputValuesAt,
        (error, status) => {
          this.#running = undefined;
          const failure = error ?? takeStatus(this.#api, status);
          if (failure !== undefined || this.#spent) this.#dropUnboundOutputs();
          resolve(failure);
        },
      );
    });
  }

  /**
   * The outputs. One that ONNX Runtime allocated is copied; where the model declares a static shape that the first run
   * confirms, later runs write straight into that copy's memory.
   */
  #readOutputs(): readonly Tensor[] {
    return this.outputs.map((info, i) => {
      const bound = this.#boundOutputs[i];
      if (bound !== undefined) return bound.read();
      const value = this.#outputValues[i]!;
      const copy = NativeTensor.copyOf(this.#api, value);
      this.#api.ReleaseValue(value);
      const tensor = copy.read();
      if (sameDims(info.dims, copy.dims)) this.#boundOutputs[i] = copy;
      else copy.release();
      return tensor;
    });
  }

  #dropUnboundOutputs(): void {
    for (const [i, bound] of this.#boundOutputs.entries()) {
      const value = this.#outputValues[i]!;
      if (bound === undefined && value !== 0n) this.#api.ReleaseValue(value);
    }
  }

  #unbindInput(): void {
    this.#boundInput?.release();
    this.#boundInput = undefined;
  }

  #unbindOutputs(): void {
    for (const output of this.#boundOutputs) output?.release();
    this.#boundOutputs.fill(undefined);
  }

  /** Off the main thread, since freeing a GPU session takes long. */
  async #free(): Promise<void> {
    this.#watchdog.close();
    this.#unbindInput();
    this.#unbindOutputs();
    this.#api.ReleaseRunOptions(this.#runOptions);
    await new Promise<void>((resolve, reject) => {
      this.#api.ReleaseSession.async(this.#handle, (error) => (error ? reject(error) : resolve()));
    });
  }
}

function sameDims(a: readonly (number | null)[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** An array of C strings at a fixed address. */
class CStrings {
  readonly address: Pointer;
  readonly #strings: readonly Buffer[];
  readonly #pointers: BigUint64Array;

  constructor(texts: readonly string[]) {
    this.#strings = texts.map((text) => Buffer.from(`${text}\0`));
    this.#pointers = BigUint64Array.from(this.#strings, addressOf);
    this.address = addressOf(this.#pointers);
  }
}
