import { abortError } from './clock.ts';

/** Lets one piece of work run at a time, in the order in which they were asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Settles as `work` does, which begins once everything before it has settled.
   * @param signal gives up the turn while it has not come: rejects with an `AbortError` at once
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const giveUp = () => reject(abortError());
      signal?.addEventListener('abort', giveUp, { once: true });
      if (signal?.aborted) giveUp();
      this.#last = this.#last.then(async () => {
        signal?.removeEventListener('abort', giveUp);
        if (signal?.aborted) return;
        await work().then(resolve, reject);
      });
    });
  }
}
