/** Bins on each side of zero. */
const HALF_BINS = 2048;

/**
 * How often the values of one tensor occur, in bins of one width around zero. The width doubles when a value lies beyond, so
 * that memory is bounded and one pass over the pictures is enough.
 */
export class Histogram {
  readonly counts = new Float64Array(2 * HALF_BINS);
  binWidth = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;

  /** Adds the values of one picture; what is no finite number is left out. */
  add(values: Float32Array): void {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (!Number.isFinite(low) || !Number.isFinite(high)) return;
    this.min = Math.min(this.min, low);
    this.max = Math.max(this.max, high);
    this.#widen(Math.max(Math.abs(low), Math.abs(high)));
    const { counts, binWidth } = this;
    const perValue = 1 / binWidth;
    for (let i = 0; i < values.length; i++) {
      const bin = Math.floor(values[i]! * perValue) + HALF_BINS;
      counts[Math.min(2 * HALF_BINS - 1, bin)]! += 1;
    }
  }

  /** Middle of a bin. */
  valueAt(bin: number): number {
    return (bin - HALF_BINS + 0.5) * this.binWidth;
  }

  #widen(reach: number): void {
    if (this.binWidth === 0) this.binWidth = Math.max(reach, 1e-12) / HALF_BINS;
    while (this.binWidth * HALF_BINS < reach) {
      const wide = new Float64Array(2 * HALF_BINS);
      for (let bin = 0; bin < 2 * HALF_BINS; bin++) {
        wide[HALF_BINS + Math.floor((bin - HALF_BINS) / 2)]! += this.counts[bin]!;
      }
      this.counts.set(wide);
      this.binWidth *= 2;
    }
  }
}
