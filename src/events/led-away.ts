import { type BoxPx, iou } from '../flow/geometry.ts';
import type { Appearance, AppearanceAt } from '../flow/scene-memory.ts';
import type { Track } from '../flow/track.ts';
import { likeness } from './appearance.ts';
import type { Subject } from './subject.ts';

/** Who passes has passed, and is told from what he hid, within this time. */
const PASSING_MS = 3_000;
/** A place whose look changed for so long has changed: by the light, not by somebody who passes. */
const BELIEVED_MS = 5_000;
const UNCHANGED = 0.8;
const SAME_PLACE_IOU = 0.7;

/** How a stationary object stood when nothing passed. */
interface Rest {
  readonly boxPx: BoxPx;
  readonly appearance: Appearance;
  readonly monoMs: number;
  /** Since when it seems to be elsewhere; undefined: it is there. */
  readonly leftMonoMs: number | undefined;
}

/**
 * Stationary objects that seem to move off. Where something passes close in front of a parked car, a tracker may go on with
 * it under the car's track and begin another one for the car. If then somebody whom nobody knows stands at the place, and it
 * looks as before, the object never left.
 */
export class LedAway {
  readonly #rests = new Map<Subject, Rest>();

  /** It was seen at rest, and nothing known hides it. */
  rests(subject: Subject, appearance: Appearance, monoMs: number): void {
    const rest = this.#rests.get(subject);
    const isPassed = rest !== undefined && (likeness(rest.appearance, appearance) ?? 0) < UNCHANGED;
    if (isPassed && monoMs - rest.monoMs < BELIEVED_MS) return;
    this.#rests.set(subject, { boxPx: subject.last.boxPx, appearance, monoMs, leftMonoMs: undefined });
  }

  /** Time goes by. @param subjects that are believed */
  pass(subjects: readonly Subject[], monoMs: number): void {
    for (const subject of subjects) {
      const rest = this.#rests.get(subject);
      if (rest === undefined) continue;
      const leftMonoMs = isAway(subject, rest) ? (rest.leftMonoMs ?? monoMs) : undefined;
      if (leftMonoMs !== undefined && monoMs - leftMonoMs > PASSING_MS) this.#rests.delete(subject);
      else if (leftMonoMs !== rest.leftMonoMs) this.#rests.set(subject, { ...rest, leftMonoMs });
    }
  }

  /** Whether a candidate stands where an object stood a moment ago: until the view is free, it may be that one. */
  mayBe({ label, last: { boxPx } }: Subject): boolean {
    return [...this.#rests].some(
      ([subject, rest]) =>
        subject.label === label && isAway(subject, rest) && iou(rest.boxPx, boxPx) >= SAME_PLACE_IOU,
    );
  }

  forget(subject: Subject): void {
    this.#rests.delete(subject);
  }

  /** The objects that never left, each with the track at its place. @param tracks that nobody believes yet */
  returning(tracks: readonly Track[], at: AppearanceAt): [Subject, Track][] {
    const pairs: [Subject, Track][] = [];
    for (const [subject, rest] of this.#rests) {
      const { boxPx, appearance } = rest;
      if (!isAway(subject, rest)) continue;
      const track = tracks.find(
        (other) =>
          other.label === subject.label &&
          other.trackId !== subject.trackId &&
          iou(other.boxPx, boxPx) >= SAME_PLACE_IOU,
      );
      const now = track && at(boxPx);
      if (track === undefined || now === undefined) continue;
      if ((likeness(appearance, now) ?? 0) >= UNCHANGED) pairs.push([subject, track]);
    }
    for (const [subject] of pairs) this.#rests.delete(subject);
    return pairs;
  }
}

/** Whether it is seen, or was seen last, somewhere else. */
function isAway({ last }: Subject, { boxPx }: Rest): boolean {
  return iou(last.boxPx, boxPx) < SAME_PLACE_IOU;
}
