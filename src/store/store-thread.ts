import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { OcellusError } from '../base/errors.ts';
import type { FromStore, ToStore } from './messages.ts';

type AnswerTo<M extends ToStore> = Extract<
  FromStore,
  {
    type: {
      open: 'opened';
      limit: 'limited';
      commit: 'committed';
      page: 'page';
      live: 'live';
      bounds: 'bounds';
      search: 'found';
      after: 'events';
      by_id: 'events';
      save_setting: 'done';
      forget_setting: 'done';
      note: 'done';
      tidy: 'tidied';
      close: 'done';
    }[M['type']];
  }
>;

interface Waiting {
  readonly resolve: (answer: FromStore) => void;
  readonly reject: (error: Error) => void;
}

/** The main thread's end of the store's thread. Questions are answered in order; any number may wait. */
export class StoreThread {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #waiting: Waiting[] = [];
  #answered = 0;
  #lost: Error | undefined;

  constructor() {
    // The built file: worker threads do not share the loader that runs TypeScript sources in tests.
    this.#worker = new Worker(createRequire(import.meta.url).resolve('#store-worker'));
    this.#worker.on('message', (answer: FromStore) => {
      this.#answered += 1;
      this.#waiting.shift()?.resolve(answer);
    });
    this.#worker.on('error', (error) => this.#lose(error));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (status) => {
        this.#lose(new Error(`it ended with status ${status}`));
        resolve();
      });
    });
  }

  /** @throws OcellusError what the store's thread could not do; `store_failed` when it is gone */
  async ask<M extends ToStore>(message: M): Promise<AnswerTo<M>> {
    const answer = await new Promise<FromStore>((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(message);
    });
    if (answer.type === 'failed') {
      const { code, message: what, hint } = answer;
      throw new OcellusError(code, what, hint === null ? {} : { hint });
    }
    return answer as AnswerTo<M>;
  }

  /** Questions that wait for an answer. */
  get owed(): number {
    return this.#waiting.length;
  }

  /** Questions that have been answered. */
  get answered(): number {
    return this.#answered;
  }

  /** It died, and nothing is stored any more. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Resolves when the thread is gone, which it is by itself after `close`. */
  exited(): Promise<void> {
    return this.#exited;
  }

  #lose(error: Error): void {
    this.#lost ??= new OcellusError('store_failed', `the thread of the store died: ${error.message}`, {
      cause: error,
    });
    for (const { reject } of this.#waiting.splice(0)) reject(this.#lost);
  }
}
