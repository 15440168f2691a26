import type { Subject } from './subject.ts';

/** A best score that rose by so much is news. */
const SCORE_STEP = 0.1;
/** No object is reported as updated more often than this. */
const INTERVAL_MS = 2_000;

interface Told {
  readonly monoMs: number;
  readonly topScore: number;
  readonly zones: string;
  readonly stationary: boolean;
  readonly attributes: string;
}

/** Values alone: a score that drifts is no news. */
function attributeValues({ attributes }: Subject): string {
  return JSON.stringify(Object.entries(attributes).map(([attribute, { value }]) => [attribute, value]));
}

/** Decides when an object has changed enough, and long enough after the last report, for `object.updated`. */
export class UpdateThrottle {
  readonly #told = new Map<Subject, Told>();

  /** The object was reported in its present state. */
  told(subject: Subject, monoMs: number): void {
    this.#told.set(subject, {
      monoMs,
      topScore: subject.topScore,
      zones: subject.zones.join(),
      stationary: subject.stationary,
      attributes: attributeValues(subject),
    });
  }

  /** True when it is to be reported now, which is then taken as done. */
  isDue(subject: Subject, monoMs: number): boolean {
    const told = this.#told.get(subject);
    if (told === undefined || monoMs - told.monoMs < INTERVAL_MS) return false;
    const changed =
      subject.topScore - told.topScore >= SCORE_STEP ||
      subject.zones.join() !== told.zones ||
      subject.stationary !== told.stationary ||
      attributeValues(subject) !== told.attributes;
    if (changed) this.told(subject, monoMs);
    return changed;
  }

  forget(subject: Subject): void {
    this.#told.delete(subject);
  }
}
