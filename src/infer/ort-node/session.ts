import type { Clock } from '../../base/clock.ts';
import { withDeadline } from '../../base/deadline.ts';
import { OcellusError } from '../../base/errors.ts';
import type { Provider } from '../../config/schema.ts';
import type { InferenceSession, InputArray, ProviderRefusal, Tensor, TensorInfo } from '../backend.ts';
import { plainReason } from '../provider-choice.ts';
import { runFailed, runTimedOut, sessionClosed, shapeMismatch } from '../run-error.ts';
import type { FromWorker } from './messages.ts';
import type { SessionWorker } from './session-worker.ts';

/**
 * A session of onnxruntime-node in a worker thread. Its run cannot be ended, and to terminate its thread meanwhile aborts
 * the process: `close` waits for the run, has the session released in its thread and lets the thread end by itself.
 */
export class WorkerSession implements InferenceSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly provider: Provider;
  readonly refused: readonly ProviderRefusal[];
  readonly #worker: SessionWorker;
  readonly #clock: Clock;
  #input: InputArray<SharedArrayBuffer> = new Float32Array(new SharedArrayBuffer(0));
  #running: Promise<FromWorker> | undefined;
  #spent = false;
  #closing: Promise<void> | undefined;

  constructor(worker: SessionWorker, clock: Clock, model: Extract<FromWorker, { type: 'opened' }>) {
    this.#worker = worker;
    this.#clock = clock;
    this.inputs = model.inputs;
    this.outputs = model.outputs;
    this.provider = model.provider;
    this.refused = model.refused;
  }

  input(length: number): InputArray {
    if (this.#input.length !== length) {
      const isBytes = this.inputs[0]!.type === 'uint8';
      this.#input = isBytes
        ? new Uint8Array(new SharedArrayBuffer(length))
        : new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
    }
    return this.#input;
  }

  async run(dims: readonly number[], deadlineMs: number): Promise<readonly Tensor[]> {
    if (this.#closing !== undefined || this.#spent) throw sessionClosed();
    if (this.#running !== undefined)
      throw runFailed('a run is in progress, and a session runs one at a time');
    const mismatch = shapeMismatch(dims, this.#input.length);
    if (mismatch !== undefined) throw mismatch;
    const answer = await this.#answerWithin(this.#ask(dims), deadlineMs);
    if (this.#closing !== undefined) throw sessionClosed();
    if (answer.type === 'failed') throw runFailed(plainReason(answer.message));
    if (answer.type !== 'ran') throw runFailed(`the worker thread answered a run with ${answer.type}`);
    return answer.outputs;
  }

  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #ask(dims: readonly number[]): Promise<FromWorker> {
    const input = this.#input.buffer;
    this.#running = this.#worker.ask({ type: 'run', input, dims });
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  async #answerWithin(answer: Promise<FromWorker>, deadlineMs: number): Promise<FromWorker> {
    try {
      return await withDeadline(answer, deadlineMs, 'run', this.#clock);
    } catch (error) {
      this.#spent = true;
      if (error instanceof OcellusError && error.code === 'deadline_exceeded') {
        throw runTimedOut(deadlineMs, 'it goes on, since onnxruntime-node cannot end it', error);
      }
      throw error;
    }
  }

  async #close(deadlineMs: number): Promise<void> {
    try {
      await withDeadline(this.#drain(), deadlineMs, 'closing the session', this.#clock);
    } catch (error) {
      this.#worker.abandon();
      throw new OcellusError(
        'deadline_exceeded',
        `the run of a model did not end within ${deadlineMs} ms of close; its thread is abandoned`,
        { hint: 'the process can only be ended by SIGKILL while it runs', cause: error },
      );
    }
  }

  async #drain(): Promise<void> {
    // How the run ends is for whoever waits for it.
    await this.#running?.then(nothing, nothing);
    // A worker that died has nothing left to release.
    await this.#worker.ask({ type: 'close' }).then(nothing, nothing);
    await this.#worker.exited();
  }
}

function nothing(): void {}
