/** A running timer. `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/** Time as the program sees it; injected everywhere, so that a test owns it. */
export interface Clock {
  /** Wall clock, ms since the epoch. Jumps when the system's clock is set. */
  wallMs(): number;
  /** Monotonic clock, ms from an arbitrary origin, with fractions. Durations come from it alone. */
  monoMs(): number;
  /** Calls `fire` once after `delayMs`. The timer does not keep the process alive on its own. */
  after(delayMs: number, fire: () => void): Timer;
  /** Resolves after `delayMs`; rejects with an `AbortError` as soon as `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export class SystemClock implements Clock {
  wallMs(): number {
    return Date.now();
  }

  monoMs(): number {
    return performance.now();
  }

  after(delayMs: number, fire: () => void): Timer {
    const handle = setTimeout(fire, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortError());
        return;
      }
      const handle = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, delayMs);
      const onAbort = () => {
        clearTimeout(handle);
        reject(abortError());
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

/** What a wait rejects with when its signal aborts. */
export function abortError(): Error {
  const error = new Error('aborted');
  error.name = 'AbortError';
  return error;
}
