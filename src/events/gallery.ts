import type { AttributeValue } from './attribute-votes.ts';
import { type Embedding, similarity } from './embedding.ts';

/** Another name must be nearer by this much, or nothing is said: two that look alike are told apart by neither. */
const LEAD = 0.05;

/** Known objects by name, and how they look. */
export class Gallery {
  readonly #known: ReadonlyMap<string, Embedding>;
  readonly #minSimilarity: number;

  /** @param minSimilarity least cosine to be taken for somebody known */
  constructor(known: ReadonlyMap<string, Embedding>, minSimilarity: number) {
    this.#known = known;
    this.#minSimilarity = minSimilarity;
  }

  /** The one that looks most like it, with the cosine as score; undefined when nobody does, or two do. */
  nearest(looks: Embedding | undefined): AttributeValue | undefined {
    const [best, next] = [...this.#known]
      .map(([value, known]) => ({ value, score: similarity(known, looks) ?? -1 }))
      .sort((a, b) => b.score - a.score);
    if (best === undefined || best.score < this.#minSimilarity) return undefined;
    if (next !== undefined && best.score - next.score < LEAD) return undefined;
    return { value: best.value, score: Math.min(1, Math.round(best.score * 1000) / 1000) };
  }
}
