import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { OcellusError } from '../../base/errors.ts';
import type { FromWorker, ToWorker } from './messages.ts';

type Answer = { resolve: (answer: FromWorker) => void; reject: (error: Error) => void };

const busy = new Set<SessionWorker>();

/**
 * Threads that are in native code now and cannot be ended. While there are any, an orderly exit of the process waits for
 * them or aborts it, because the native library's destructors and a run meet.
 */
export function busyThreads(): number {
  return busy.size;
}

/** The main thread's end of one session's worker: one question at a time, each with one answer. */
export class SessionWorker {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #waiting: Answer | undefined;
  #lost: Error | undefined;

  constructor() {
    // The built file: worker threads do not share the loader that runs TypeScript sources in tests.
    this.#worker = new Worker(createRequire(import.meta.url).resolve('#ort-node-worker'));
    this.#worker.on('message', (answer: FromWorker) => {
      this.#settle((waiting) => waiting.resolve(answer));
    });
    this.#worker.on('error', (error) => this.#lose(error));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (status) => {
        this.#lose(new Error(`the worker thread of an inference session ended with status ${status}`));
        resolve();
      });
    });
  }

  /** Sends a message and waits for its answer. Rejects when the worker dies. */
  ask(message: ToWorker): Promise<FromWorker> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      this.#waiting = { resolve, reject };
      busy.add(this);
      this.#worker.postMessage(message);
    });
  }

  /** Resolves when the thread is gone, which it is by itself after `close`. */
  exited(): Promise<void> {
    return this.#exited;
  }

  /** Lets the process end although this thread still runs; see `busyThreads`. */
  abandon(): void {
    this.#worker.unref();
  }

  #settle(settle: (waiting: Answer) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    busy.delete(this);
    if (waiting !== undefined) settle(waiting);
  }

  #lose(error: Error): void {
    this.#lost ??= new OcellusError('inference_failed', error.message, {
      hint: 'open the model again',
      cause: error,
    });
    const lost = this.#lost;
    this.#settle((waiting) => waiting.reject(lost));
  }
}
