import { LookBudget } from './look-budget.ts';

/**
 * What is a thing, when a classifier was asked about several views of it? Each look gives a probability per class. Looks add
 * up as evidence does (see evidence.ts): the logarithms of the probabilities are summed, each look weighed by how good the view
 * was, and a value is told when its odds against the next are e^3, 20 to 1.
 *
 * Views of one object are alike, so the classifier repeats its mistakes, and a network that is wrong is often sure of it.
 * Hence one look moves the odds by e^2 at most, so that no single view decides; and no sum grows beyond e^6, so that later,
 * better views can still correct it. A value that was told is replaced only by one that has itself 20 to 1 against every
 * other: between is a band of e^6 in which nothing changes, so a value does not flicker.
 */
const DECIDED = 3;
const STRONGEST_LOOK = 2;
const MOST_LEAD = 6;

const LIMITS = { spacingMs: 250, enough: 10 };

/** A value that is believed, and how probable the classifier found it on average, 0..1. */
export interface AttributeValue {
  readonly value: string;
  readonly score: number;
}

/** The votes about one attribute of one object. */
export class AttributeVotes extends LookBudget {
  readonly #labels: readonly string[];
  readonly #minScore: number;
  readonly #sums: number[];
  readonly #probabilities: number[];
  #weight = 0;
  #decided: number | undefined;

  /** @param minScore a look whose best class is less probable does not count, 0..1 */
  constructor(labels: readonly string[], minScore: number) {
    super(LIMITS);
    this.#labels = labels;
    this.#minScore = minScore;
    this.#sums = labels.map(() => 0);
    this.#probabilities = labels.map(() => 0);
  }

  /** What the classifier said of a view. @param probabilities in the order of the labels, with the sum 1 */
  add(probabilities: readonly number[], quality: number): void {
    this.looked(quality);
    const best = Math.max(...probabilities);
    if (best < this.#minScore) return;
    const least = best * Math.exp(-STRONGEST_LOOK);
    this.#weight += quality;
    for (const [i, probability] of probabilities.entries()) {
      this.#sums[i]! += quality * Math.log(Math.max(probability, least));
      this.#probabilities[i]! += quality * probability;
    }
    const lead = Math.max(...this.#sums);
    for (const [i, sum] of this.#sums.entries()) this.#sums[i] = Math.max(sum - lead, -MOST_LEAD);
    const leader = this.#sums.indexOf(0);
    const isClear = this.#sums.every((sum, i) => i === leader || sum <= -DECIDED);
    if (isClear) this.#decided = leader;
  }

  /** The value that is believed; undefined while the votes have not agreed. */
  get result(): AttributeValue | undefined {
    if (this.#decided === undefined) return undefined;
    const mean = this.#probabilities[this.#decided]! / this.#weight;
    return { value: this.#labels[this.#decided]!, score: Math.min(1, Math.round(mean * 1000) / 1000) };
  }
}
