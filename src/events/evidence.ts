/**
 * When is a thing that the detector saw really there? Each look at it is a test of two hypotheses, "an object" and
 * "a flicker of the detector", and the log-likelihood ratios of the looks add up. The sum never falls below zero
 * (Page's CUSUM, Biometrika 1954), so a flicker long ago helps nothing, and the last time that the sum left zero is the
 * estimate of when the object appeared.
 *
 * One look weighs `logit(score) - logit(neutral)`: a detector's score is close to the chance that its box is right, and
 * `neutral`, a little below the score that the operator asked for, is where a box says nothing either way. Looks in quick
 * succession see nearly the same picture and make the same mistake, so a look counts in full only when the last one was
 * long ago against `CORRELATION_MS`. That makes the rule one of time, not of frames: at scores of 0.9 an object is
 * believed after 2 frames at 1 to 10 fps and after 3 at 30 fps; at 0.4 it takes 1.5 to 2 s; and a box that shows up in one
 * frame of four never is, unless its scores are above 0.75.
 */

/** Evidence at which an object is believed: odds of e^4, 55 to 1. */
export const BELIEVED = 4;

/** Looks closer together than this repeat each other. */
const CORRELATION_MS = 100;
/** The most that one look may say, below `BELIEVED`: one frame alone never confirms. */
const STRONGEST_LOOK = 3;
/** A miss is twice as likely for a flicker as for an object: log(0.35 / 0.7). */
const MISSED_LOOK = -0.7;
/** `neutral` as a share of the minimum score. */
const NEUTRAL_SHARE = 0.8;

/** The evidence for one object. */
export class Evidence {
  #sum = 0;
  #lookedMonoMs: number | undefined;

  /** 0: nothing speaks for it. */
  get sum(): number {
    return this.#sum;
  }

  /** A frame in which it was detected; below `minScore` that never speaks for it. @param minScore the score below which detections are not reported, 0..1 */
  seen(score: number, minScore: number, monoMs: number): void {
    const look = logit(score) - logit(minScore * NEUTRAL_SHARE);
    this.#add(score < minScore ? Math.min(0, look) : Math.min(STRONGEST_LOOK, look), monoMs);
  }

  /** A frame in which it was not detected. */
  missed(monoMs: number): void {
    this.#add(MISSED_LOOK, monoMs);
  }

  #add(look: number, monoMs: number): void {
    const fresh =
      this.#lookedMonoMs === undefined ? 1 : 1 - Math.exp((this.#lookedMonoMs - monoMs) / CORRELATION_MS);
    this.#sum = Math.max(0, this.#sum + look * fresh);
    this.#lookedMonoMs = monoMs;
  }
}

function logit(probability: number): number {
  const p = Math.min(0.99, Math.max(0.01, probability));
  return Math.log(p / (1 - p));
}
