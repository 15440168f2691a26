import type { Clock } from '../../base/clock.ts';

export interface AttemptLimitOptions {
  /** Attempts that may be made at once. */
  readonly burst: number;
  /** Time after which one more may be made, ms. */
  readonly refillMs: number;
  /** Names that are remembered; beyond this the one that is quiet for longest is forgotten. */
  readonly maxNames: number;
}

/** Limits attempts by name (a token bucket each), in bounded memory. */
export class AttemptLimit {
  readonly #options: AttemptLimitOptions;
  readonly #clock: Clock;
  /** In the order of the last attempt, the quietest first. */
  readonly #buckets = new Map<string, { left: number; atMs: number }>();

  constructor(options: AttemptLimitOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Takes one attempt. @returns 0 when it may be made, else how long to wait, ms */
  take(name: string): number {
    const { burst, refillMs, maxNames } = this.#options;
    const nowMs = this.#clock.monoMs();
    const bucket = this.#buckets.get(name) ?? { left: burst, atMs: nowMs };
    const left = Math.min(burst, bucket.left + (nowMs - bucket.atMs) / refillMs);
    this.#buckets.delete(name);
    this.#buckets.set(name, { left: left >= 1 ? left - 1 : left, atMs: nowMs });
    const quietest = this.#buckets.keys().next();
    if (this.#buckets.size > maxNames && !quietest.done) this.#buckets.delete(quietest.value);
    return left >= 1 ? 0 : Math.ceil((1 - left) * refillMs);
  }

  /** The attempt was a good one: whoever made it starts afresh. */
  forgive(name: string): void {
    this.#buckets.delete(name);
  }
}
