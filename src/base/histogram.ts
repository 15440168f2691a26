/** How many values fell below each of some bounds, since the start. */
export interface HistogramCounts {
  readonly bounds: readonly number[];
  /** Values at or below each bound, and in the end all of them. */
  readonly cumulative: readonly number[];
  readonly sum: number;
}

/** Counts values by size, for ever and in fixed memory: adding one costs a comparison or ten and no allocation. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  /** @param bounds ascending, each the greatest value of its class */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  add(value: number): void {
    let i = 0;
    while (i < this.#bounds.length && value > this.#bounds[i]!) i++;
    this.#counts[i]! += 1;
    this.#sum += value;
  }

  counts(): HistogramCounts {
    let total = 0;
    const cumulative = Array.from(this.#counts, (count) => (total += count));
    return { bounds: this.#bounds, cumulative, sum: this.#sum };
  }
}

/** For latencies of a pipeline, ms. */
export const LATENCY_BOUNDS_MS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000] as const;
