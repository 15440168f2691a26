import { abortError, type Clock, type Timer } from '../../src/base/clock.ts';

interface Pending {
  dueMs: number;
  fire: () => void;
}

/** A clock that stands still until a test advances it. */
export class FakeClock implements Clock {
  #monoMs = 0;
  #wallOffsetMs: number;
  #pending: Pending[] = [];

  constructor(wallMs = 1_700_000_000_000) {
    this.#wallOffsetMs = wallMs;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#monoMs;
  }

  monoMs(): number {
    return this.#monoMs;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#pending.length;
  }

  after(delayMs: number, fire: () => void): Timer {
    const entry = { dueMs: this.#monoMs + delayMs, fire };
    this.#pending.push(entry);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== entry);
      },
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortError());
        return;
      }
      const onAbort = () => {
        timer.cancel();
        reject(abortError());
      };
      const timer = this.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Sets the wall clock as an operator or NTP would; the monotonic clock and timers do not notice. */
  setWallMs(wallMs: number): void {
    this.#wallOffsetMs = wallMs - this.#monoMs;
  }

  /** Moves time on, firing timers in order and letting promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#monoMs + byMs;
    await settle();
    for (;;) {
      const next = this.#pending.filter((entry) => entry.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#pending = this.#pending.filter((entry) => entry !== next);
      this.#monoMs = Math.max(this.#monoMs, next.dueMs);
      next.fire();
      await settle();
    }
    this.#monoMs = endMs;
    await settle();
  }
}

/** Lets queued microtasks and immediate callbacks run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
