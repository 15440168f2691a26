/** Lines of one kind that may come at once, and how often one more. */
export interface RepeatLimitOptions {
  readonly burst: number;
  readonly refillMs: number;
  /** Kinds that are told apart; the one that was heard of longest ago goes first. */
  readonly maxKinds: number;
  /** After so long without another, what was left out is told by itself. */
  readonly tellAfterMs: number;
}

interface Bucket {
  tokens: number;
  filledMonoMs: number;
  heardMonoMs: number;
  suppressed: number;
}

/** Lets so many of one kind through and counts the rest: a token bucket for each kind, in bounded memory. */
export class RepeatLimit {
  readonly #options: RepeatLimitOptions;
  /** In the order in which they were last heard of. */
  readonly #buckets = new Map<string, Bucket>();
  #toldMonoMs = 0;

  constructor(options: RepeatLimitOptions) {
    this.#options = options;
  }

  /** @returns how many of this kind were left out since the last that was let through; undefined for one to leave out */
  admit(kind: string, monoMs: number): number | undefined {
    const { burst, refillMs, maxKinds } = this.#options;
    const bucket = this.#buckets.get(kind) ?? {
      tokens: burst,
      filledMonoMs: monoMs,
      heardMonoMs: monoMs,
      suppressed: 0,
    };
    bucket.heardMonoMs = monoMs;
    this.#buckets.delete(kind);
    this.#buckets.set(kind, bucket);
    if (this.#buckets.size > maxKinds) this.#buckets.delete(this.#buckets.keys().next().value!);
    const refilled = Math.floor((monoMs - bucket.filledMonoMs) / refillMs);
    if (refilled > 0) {
      bucket.tokens = Math.min(burst, bucket.tokens + refilled);
      bucket.filledMonoMs += refilled * refillMs;
    }
    if (bucket.tokens === 0) {
      bucket.suppressed += 1;
      return undefined;
    }
    bucket.tokens -= 1;
    const { suppressed } = bucket;
    bucket.suppressed = 0;
    return suppressed;
  }

  /** Kinds of which none came for a while after some had been left out, each told once. Looked for once in that while. */
  overdue(monoMs: number): { kind: string; suppressed: number }[] {
    const { tellAfterMs } = this.#options;
    if (monoMs - this.#toldMonoMs < tellAfterMs) return [];
    this.#toldMonoMs = monoMs;
    const overdue: { kind: string; suppressed: number }[] = [];
    for (const [kind, bucket] of this.#buckets) {
      if (bucket.suppressed === 0 || monoMs - bucket.heardMonoMs < tellAfterMs) continue;
      overdue.push({ kind, suppressed: bucket.suppressed });
      bucket.suppressed = 0;
    }
    return overdue;
  }
}
