/** Named counts, created at first use: what was dropped and why, what was published, what failed. */
export class Counters<Name extends string> {
  readonly #counts = new Map<Name, number>();

  add(name: Name, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  get(name: Name): number {
    return this.#counts.get(name) ?? 0;
  }

  /** A copy of every count so far. */
  snapshot(): Partial<Record<Name, number>> {
    return Object.fromEntries(this.#counts) as Partial<Record<Name, number>>;
  }
}

/** The last `capacity` samples of a quantity, for quantiles of recent behaviour in bounded memory. */
export class RecentSamples {
  readonly #samples: Float64Array;
  #next = 0;
  #size = 0;

  constructor(capacity: number) {
    this.#samples = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  add(value: number): void {
    this.#samples[this.#next] = value;
    this.#next = (this.#next + 1) % this.#samples.length;
    this.#size = Math.min(this.#size + 1, this.#samples.length);
  }

  /** The q-quantile (0..1, nearest rank) of the samples held; NaN when there are none. */
  quantile(q: number): number {
    if (this.#size === 0) return Number.NaN;
    const sorted = this.#samples.slice(0, this.#size).sort();
    return sorted[Math.min(this.#size - 1, Math.max(0, Math.ceil(q * this.#size) - 1))]!;
  }
}
