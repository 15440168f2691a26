import { LookBudget } from './look-budget.ts';

/** How an object looks, as a re-identification model tells it: a vector of unit length. */
export type Embedding = readonly number[];

/** Few: each costs a run of the model, and the mean of six hardly changes. */
const LIMITS = { spacingMs: 400, enough: 6 };
/** One view alone may be a bad one. */
const SETTLED_LOOKS = 3;
/**
 * The looks at one object: the mean of their vectors, each weighed by how good the view was. A mean over views is nearer to
 * another view of the same object than any single one of them.
 */
export class EmbeddingLooks extends LookBudget {
  readonly #sum: number[];
  #views = 0;
  #mean: Embedding | undefined;

  /** @param earlier what an earlier run knew */
  constructor(earlier?: Embedding) {
    super(LIMITS);
    this.#sum = [...(earlier ?? [])];
    this.#mean = earlier;
  }

  /** Unit length; undefined before the first look. */
  get mean(): Embedding | undefined {
    return this.#mean;
  }

  /** Whether there were enough looks to say who it is. */
  get isSettled(): boolean {
    return this.#views >= SETTLED_LOOKS;
  }

  /** A look has come. A vector of another length is of another model, and the first of a new one replaces all older ones. */
  add(vector: Embedding, quality: number): void {
    this.looked(quality);
    this.#views += 1;
    if (vector.length !== this.#sum.length)
      this.#sum.splice(0, Number.POSITIVE_INFINITY, ...vector.map(() => 0));
    for (const [i, value] of vector.entries()) this.#sum[i] = (this.#sum[i] ?? 0) + quality * value;
    const length = Math.hypot(...this.#sum);
    this.#mean = length > 0 ? this.#sum.map((value) => value / length) : undefined;
  }
}

/** Cosine of two embeddings, -1..1; undefined when one is not known or they are of different models. */
export function similarity(a: Embedding | undefined, b: Embedding | undefined): number | undefined {
  if (a === undefined || b === undefined || a.length !== b.length) return undefined;
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
