import type { BoxPx } from '../flow/geometry.ts';
import { iou } from '../flow/geometry.ts';
import type { AppearanceAt, RememberedObject } from '../flow/scene-memory.ts';
import type { Track, TrackUpdate } from '../flow/track.ts';
import { EmbeddingLooks } from './embedding.ts';
import { LedAway } from './led-away.ts';
import { PlaceCheck } from './place-check.ts';
import type { Verdict } from './recognition.ts';
import type { Sighting } from './sighting.ts';
import type { Subject } from './subject.ts';

/** A track that overlaps a place so much may be what stands there; with the same label this much is enough. */
const PLACE_IOU = 0.5;
const SAME_LABEL_IOU = 0.7;
/** Another detection over this share of a place hides it. */
const HIDING_SHARE = 0.15;

/** What is known of the places of stationary objects. An object with a place ends only when that is seen empty. */
export class SceneMemory {
  readonly #places = new Map<Subject, PlaceCheck>();
  /** Objects of an earlier run that have not been seen in this one. */
  readonly #unconfirmed = new Set<Subject>();
  readonly #ledAway = new LedAway();

  /** True when it waits at its place, seen or not. */
  holds(subject: Subject): boolean {
    return subject.stationary && this.#places.has(subject);
  }

  /** True once it may come back at its place only: unseen for `lostMs`. */
  pins(subject: Subject, monoMs: number, lostMs: number): boolean {
    return this.holds(subject) && monoMs - subject.last.monoMs >= lostMs;
  }

  isEmpty(subject: Subject): boolean {
    return this.#places.get(subject)?.isEmpty ?? false;
  }

  /** `restarted` for an object of an earlier run that this one has not seen: nobody knows when it left. */
  endCause(subject: Subject): 'gone' | 'restarted' {
    return this.#unconfirmed.has(subject) ? 'restarted' : 'gone';
  }

  forget(subject: Subject): void {
    this.#places.delete(subject);
    this.#unconfirmed.delete(subject);
    this.#ledAway.forget(subject);
  }

  /** Whether a candidate stands where an object that seems to have left stood a moment ago. */
  mayBeBack(candidate: Subject): boolean {
    return this.#ledAway.mayBe(candidate);
  }

  sceneChanged(): void {
    for (const place of this.#places.values()) place.sceneChanged();
  }

  /**
   * The objects whose places `tracks` stand at, each with its track: of `subjects`, which are unseen, and of those that only
   * seem to have left. The label may have flipped.
   * @param judge what a re-identification model says; where that is nothing, the place and its coarse picture decide
   */
  returning(
    subjects: readonly Subject[],
    tracks: readonly Track[],
    at: AppearanceAt,
    judge: (subject: Subject, track: Track) => Verdict = () => 'unknown',
  ): [Subject, Track][] {
    const pairs: [Subject, Track][] = [];
    for (const subject of subjects) {
      const place = this.#places.get(subject);
      if (place === undefined || !subject.stationary) continue;
      const { boxPx } = subject.last;
      const [track] = tracks
        .filter(
          (other) => iou(other.boxPx, boxPx) >= PLACE_IOU && !pairs.some(([, taken]) => taken === other),
        )
        .sort((a, b) => iou(b.boxPx, boxPx) - iou(a.boxPx, boxPx));
      if (track === undefined) continue;
      const same = track.label === subject.label && iou(track.boxPx, boxPx) >= SAME_LABEL_IOU;
      const verdict = judge(subject, track);
      if (verdict === 'later') continue;
      // Another one in the very same place: what stood there has gone, unless looks mean nothing in this light.
      if (verdict === 'other' && (!same || place.taken())) continue;
      if (verdict === 'same' || same || place.looksUnchanged(at(boxPx))) pairs.push([subject, track]);
    }
    const free = tracks.filter((track) => !pairs.some(([, taken]) => taken === track));
    for (const [subject, track] of this.#ledAway.returning(free, at)) {
      const verdict = judge(subject, track);
      if (verdict === 'same' || verdict === 'unknown') pairs.push([subject, track]);
    }
    return pairs;
  }

  /** Looks at the place of every stationary object. Tracks matched in this update may hide one, reported or not. */
  look(objects: readonly Subject[], { tracks, atMonoMs: monoMs }: TrackUpdate, at: AppearanceAt): void {
    const seen = tracks.filter((track) => track.lastSeenMonoMs >= monoMs);
    this.#ledAway.pass(objects, monoMs);
    for (const object of objects) {
      if (!object.stationary) {
        this.#places.delete(object);
        continue;
      }
      const { boxPx } = object.last;
      const place = this.#places.get(object);
      if (object.unseenUpdates === 0 && place?.isDue(monoMs) === false) {
        place.seen(undefined, monoMs);
        this.#unconfirmed.delete(object);
        continue;
      }
      const hidden = seen.some((t) => t.trackId !== object.trackId && share(boxPx, t.boxPx) >= HIDING_SHARE);
      const now = hidden ? undefined : at(boxPx);
      if (object.unseenUpdates === 0) {
        this.#unconfirmed.delete(object);
        if (now !== undefined) this.#ledAway.rests(object, now, monoMs);
        if (place !== undefined) place.seen(now, monoMs);
        else if (now !== undefined) this.#places.set(object, new PlaceCheck(now));
      } else if (hidden) place?.hidden(monoMs);
      else place?.missed(now, monoMs);
    }
  }

  /** The objects that wait at their places, as plain values. */
  export(): RememberedObject[] {
    return [...this.#places].flatMap(([subject, { appearance }]) => {
      if (subject.objectId === undefined) return [];
      const { boxPx, frame } = subject.last;
      return [
        {
          objectId: subject.objectId,
          label: subject.label,
          boxPx: [...boxPx] as [number, number, number, number],
          source: { ...frame.source },
          appearance: [...appearance],
          ...(subject.looks.mean && {
            embedding: subject.looks.mean.map((value) => Math.round(value * 1e4) / 1e4),
          }),
          topScore: subject.topScore,
          startedAtMs: Math.round(subject.first.frame.times.captureAtMs),
          lastSeenAtMs: Math.round(frame.times.captureAtMs),
          zones: subject.stays,
          attributes: subject.attributes,
        },
      ];
    });
  }

  /** Takes up an object of an earlier run. */
  restore(subject: Subject, object: RememberedObject): void {
    // Long enough to be at rest without a word.
    for (const monoMs of [-10_000, -5_000, 0]) {
      subject.see(earlierSighting(object, object.lastSeenAtMs, monoMs));
    }
    subject.resume(object.zones);
    subject.looks = new EmbeddingLooks(object.embedding);
    subject.attributes = object.attributes;
    this.#places.set(subject, new PlaceCheck(object.appearance));
    this.#unconfirmed.add(subject);
  }
}

/** A sighting of an earlier run; its monotonic time is of no clock, and before every frame. */
export function earlierSighting(object: RememberedObject, atMs: number, monoMs: number): Sighting {
  const { source, boxPx, topScore } = object;
  const times = { captureAtMs: atMs, captureMonoMs: monoMs, decodedAtMs: atMs };
  const frame = { source, times, inferredAtMs: atMs };
  return { monoMs, frame, score: topScore, boxPx, velocityPxPerS: [0, 0] };
}

/** Share of `place` that `box` covers, 0..1. */
function share(place: BoxPx, box: BoxPx): number {
  const width = Math.min(place[2], box[2]) - Math.max(place[0], box[0]);
  const height = Math.min(place[3], box[3]) - Math.max(place[1], box[1]);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / Math.max(1, (place[2] - place[0]) * (place[3] - place[1]));
}
