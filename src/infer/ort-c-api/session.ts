import type { Clock } from '../../base/clock.ts';
import { withDeadline } from '../../base/deadline.ts';
import { OcellusError } from '../../base/errors.ts';
import { Watchdog } from '../../base/watchdog.ts';
import type { Provider } from '../../config/schema.ts';
import type {
  FixedInput,
  InferenceSession,
  InputArray,
  ProviderRefusal,
  Tensor,
  TensorInfo,
} from '../backend.ts';
import { plainReason } from '../provider-choice.ts';
import { runFailed, runTimedOut, sessionClosed } from '../run-error.ts';
import type { OrtApi, Pointer } from './ort-api.ts';
import { SessionInputs } from './session-inputs.ts';
import { SessionOutputs } from './session-outputs.ts';
import { check, takeOut, takeStatus } from './status.ts';

/** How long a run may go on after it was told to end, before it is reported as one that cannot be ended. */
const TERMINATE_GRACE_MS = 1_000;

export interface OpenedModel {
  readonly handle: Pointer;
  /** The picture, then one for each of `fixedInputs`. */
  readonly inputs: readonly TensorInfo[];
  readonly fixedInputs: readonly FixedInput[];
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
  readonly #in: SessionInputs;
  readonly #out: SessionOutputs;
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
    this.#in = new SessionInputs(api, model.inputs, model.fixedInputs, inputMemory);
    this.#out = new SessionOutputs(api, model.outputs);
    this.#runOptions = takeOut((out) => check(api, api.CreateRunOptions(out)));
  }

  input(length: number): InputArray {
    return this.#in.picture(length);
  }

  async run(dims: readonly number[], deadlineMs: number): Promise<readonly Tensor[]> {
    if (this.#closing !== undefined || this.#spent) throw sessionClosed();
    if (this.#running !== undefined)
      throw runFailed('a run is in progress, and a session runs one at a time');
    if (this.#in.bind(dims)) this.#out.unbind();
    this.#out.prepare();
    this.#running = this.#call();
    const failure = await this.#endedBy(this.#running, deadlineMs);
    if (this.#closing !== undefined) throw sessionClosed();
    // Only a deadline or closing ends a run.
    if (this.#spent) throw runTimedOut(deadlineMs, 'it was ended', failure);
    if (failure !== undefined) throw runFailed(plainReason(failure), failure);
    return this.#out.read();
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

  #call(): Promise<Error | undefined> {
    return new Promise<Error | undefined>((resolve) => {
      this.#api.Run.async(
        this.#handle,
        this.#runOptions,
        this.#in.names.address,
        this.#in.valuesAt,
        this.#in.count,
        this.#out.names.address,
        this.#out.count,
        this.#out.valuesAt,
        (error, status) => {
          this.#running = undefined;
          const failure = error ?? takeStatus(this.#api, status);
          if (failure !== undefined || this.#spent) this.#out.dropAllocated();
          resolve(failure);
        },
      );
    });
  }

  /** Off the main thread, since freeing a GPU session takes long. */
  async #free(): Promise<void> {
    this.#watchdog.close();
    this.#in.release();
    this.#out.unbind();
    this.#api.ReleaseRunOptions(this.#runOptions);
    await new Promise<void>((resolve, reject) => {
      this.#api.ReleaseSession.async(this.#handle, (error) => (error ? reject(error) : resolve()));
    });
  }
}
