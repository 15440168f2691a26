import type { HeadOutput } from './output-decoder.ts';

/** Among the scores of so many pictures a logit outside 0..1 has been seen for certain, if any are logits. */
const OBSERVED_PICTURES = 30;

/**
 * Exports of one family differ in whether scores have gone through the sigmoid: they have unless a value outside 0..1 is seen,
 * and once seen it counts for good.
 */
export class ScoreScale {
  #areLogits = false;
  #unsettled = OBSERVED_PICTURES;

  /** Looks at the scores of one picture, of the first few. */
  observe(outputs: readonly HeadOutput[]): void {
    if (this.#areLogits || this.#unsettled === 0) return;
    this.#unsettled -= 1;
    this.#areLogits = outputs.some(({ data }) => hasLogits(data));
  }

  get areLogits(): boolean {
    return this.#areLogits;
  }

  /** What a score of 0..1 is in the outputs. */
  rawOf(score: number): number {
    return this.#areLogits ? Math.log(score / (1 - score)) : score;
  }

  /** The score 0..1 that a value of the outputs stands for. */
  scoreOf(raw: number): number {
    return this.#areLogits ? 1 / (1 + Math.exp(-raw)) : raw;
  }

  /** Whether any score is above zero. */
  hasScore(outputs: readonly HeadOutput[]): boolean {
    this.observe(outputs);
    // A logit of any size is a score above zero.
    return this.#areLogits || outputs.some(({ data }) => data.some((value) => value > 0));
  }
}

function hasLogits(data: Float32Array): boolean {
  for (const value of data) if (value < 0 || value > 1) return true;
  return false;
}
