export interface BackoffOptions {
  /** Ceiling of the first delay, ms. */
  initialMs: number;
  /** Ceiling of every delay, ms. */
  maxMs: number;
  /** Growth of the ceiling per failure. */
  factor: number;
}

/**
 * Exponential backoff with equal jitter: a delay lies in [ceiling/2, ceiling], so that devices that lost the
 * same broker or camera do not return in one instant, yet none hammers it.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #failures = 0;

  /** @param random uniform in [0, 1) */
  constructor(options: BackoffOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  /** Failures since the last reset. */
  get failures(): number {
    return this.#failures;
  }

  /** The next delay in ms. */
  nextMs(): number {
    const { initialMs, maxMs, factor } = this.#options;
    const ceiling = Math.min(maxMs, initialMs * factor ** this.#failures);
    this.#failures += 1;
    return ceiling * (0.5 + 0.5 * this.#random());
  }

  /** Call after stable running. */
  reset(): void {
    this.#failures = 0;
  }
}
