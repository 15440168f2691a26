import type { Attributes } from '../flow/domain-event.ts';
import type { Subject } from './subject.ts';

/** A best score that rose by so much is news. */
const SCORE_STEP = 0.1;
/** No object is reported as updated more often than this. */
const INTERVAL_MS = 2_000;

interface Told {
  readonly monoMs: number;
  readonly topScore: number;
  readonly zones: readonly string[];
  readonly stationary: boolean;
  readonly attributes: Attributes;
}

/** Values alone: a score that drifts is no news. */
function attributeValues(attributes: Attributes): string {
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
      zones: subject.zones,
      stationary: subject.stationary,
      attributes: subject.attributes,
    });
  }

  /** True when it is to be reported now, which is then taken as done. */
  isDue(subject: Subject, monoMs: number): boolean {
    const told = this.#told.get(subject);
    if (told === undefined || monoMs - told.monoMs < INTERVAL_MS) return false;
    const changed =
      subject.topScore - told.topScore >= SCORE_STEP ||
      subject.stationary !== told.stationary ||
      // Neither array nor record is ever changed in place, and in most frames they are the same.
      (subject.zones !== told.zones && subject.zones.join() !== told.zones.join()) ||
      (subject.attributes !== told.attributes &&
        attributeValues(subject.attributes) !== attributeValues(told.attributes));
    if (changed) this.told(subject, monoMs);
    return changed;
  }

  forget(subject: Subject): void {
    this.#told.delete(subject);
  }
}
