import { Backoff } from '../base/retry.ts';
import type { CaptureConfig } from '../config/camera-schema.ts';
import type { CameraCause } from '../flow/camera-state.ts';

/** Cameras lock a user out after a few wrong passwords, for half an hour as a rule. */
const AUTH_FACTOR = 10;

/** When to try again after which failure. */
export class RetryPlan {
  readonly #ordinary: Backoff;
  readonly #auth: Backoff;
  readonly #missing: Backoff;

  /** @param random uniform in [0, 1) */
  constructor(config: CaptureConfig, random: () => number) {
    const { backoffInitialMs, backoffMaxMs } = config;
    this.#ordinary = new Backoff({ initialMs: backoffInitialMs, maxMs: backoffMaxMs, factor: 2 }, random);
    this.#missing = new Backoff({ initialMs: backoffMaxMs, maxMs: backoffMaxMs, factor: 1 }, random);
    this.#auth = new Backoff(
      { initialMs: backoffMaxMs, maxMs: AUTH_FACTOR * backoffMaxMs, factor: 2 },
      random,
    );
  }

  /** True for what waiting rarely mends: the camera is `failed` then, and is tried slowly. */
  static isLasting(cause: CameraCause): boolean {
    return cause === 'auth_failed' || cause === 'not_found';
  }

  /** Delay before the next attempt, ms. */
  delayMs(cause: CameraCause): number {
    if (cause === 'auth_failed') return this.#auth.nextMs();
    if (cause === 'not_found') return this.#missing.nextMs();
    return this.#ordinary.nextMs();
  }

  /** Call after a stable connection. */
  reset(): void {
    this.#ordinary.reset();
    this.#auth.reset();
    this.#missing.reset();
  }
}
