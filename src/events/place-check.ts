import type { Appearance } from '../flow/scene-memory.ts';
import { likeness } from './appearance.ts';

/** Evidence at which a place is believed empty: odds of e^4, as for a start. */
const EMPTY = 4;
/** Looks closer together than this repeat each other: a shadow or a passer-by stays for longer than a frame. */
const CORRELATION_MS = 1_000;
/** At this likeness a look says neither; the log-likelihood grows by `SLOPE` per unit of likeness lost. */
const NEUTRAL_LIKENESS = 0.7;
const SLOPE = 6;
const STRONGEST_LOOK = 1.5;
/** Where the appearance is not to be believed, absence alone ends an object after so much time of looks. */
const BLIND_MS = 600_000;
/** Two looks further apart than this vouch for no more of the time between them. */
const LOOK_SPAN_MS = 10_000;
const UNCHANGED = 0.8;
/** What is seen and stands still looks the same for a moment, and a look is a thousand reads of the picture. */
const RENEW_MS = 500;

/**
 * Is the place of a stationary object empty? Looks without a detection there are summed as log-likelihood ratios of "empty"
 * against "still there" (Page's CUSUM, as in evidence.ts). An unchanged picture speaks for "still there", however blind
 * the detector is.
 */
export class PlaceCheck {
  #appearance: Appearance;
  #trusted = true;
  #sum = 0;
  #lookedMonoMs: number | undefined;
  #renewedMonoMs = Number.NEGATIVE_INFINITY;

  constructor(appearance: Appearance) {
    this.#appearance = appearance;
  }

  get appearance(): Appearance {
    return this.#appearance;
  }

  get isEmpty(): boolean {
    return this.#sum >= EMPTY;
  }

  /** Whether the place looks as remembered. */
  looksUnchanged(now: Appearance | undefined): boolean {
    return now !== undefined && (likeness(this.#appearance, now) ?? 0) >= UNCHANGED;
  }

  /** Whether a sighting should renew what is remembered of the place. */
  isDue(monoMs: number): boolean {
    return !this.#trusted || monoMs - this.#renewedMonoMs >= RENEW_MS;
  }

  /** The object was detected; `now` is undefined while something may hide a part of it, and where nobody looked. */
  seen(now: Appearance | undefined, monoMs: number): void {
    this.#sum = 0;
    this.#lookedMonoMs = monoMs;
    if (now === undefined) return;
    this.#appearance = now;
    this.#renewedMonoMs = monoMs;
    this.#trusted = true;
  }

  /** Its place was looked at, nothing hides it, and it was not detected. */
  missed(now: Appearance | undefined, monoMs: number): void {
    const elapsedMs = this.#lookedMonoMs === undefined ? 0 : Math.max(0, monoMs - this.#lookedMonoMs);
    this.#lookedMonoMs = monoMs;
    const like = now === undefined ? undefined : likeness(this.#appearance, now);
    const fresh = 1 - Math.exp(-elapsedMs / CORRELATION_MS);
    const look = like === undefined ? 0 : Math.min(STRONGEST_LOOK, SLOPE * (NEUTRAL_LIKENESS - like));
    const believed = like !== undefined && (this.#trusted || look < 0);
    const step = believed ? look * fresh : (EMPTY * Math.min(elapsedMs, LOOK_SPAN_MS)) / BLIND_MS;
    this.#sum = Math.max(0, this.#sum + step);
  }

  /** Something hides the place: the look says nothing. */
  hidden(monoMs: number): void {
    this.#lookedMonoMs = monoMs;
  }

  /** Another object stands there. @returns false while looks are not to be believed */
  taken(): boolean {
    if (this.#trusted) this.#sum = EMPTY;
    return this.#trusted;
  }

  /** The picture changed as a whole: a changed look proves nothing until the object has been detected again. */
  sceneChanged(): void {
    this.#trusted = false;
  }
}
