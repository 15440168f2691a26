import type { CameraConfig } from '../config/camera-schema.ts';
import type { Attributes, EventDraft } from '../flow/domain-event.ts';
import type { BoxPx } from '../flow/geometry.ts';
import type { Track, TrackUpdate } from '../flow/track.ts';
import { bind } from './binding.ts';
import { continuationCost, covers, isLeaving } from './continuity.ts';
import { type EndCause, ObjectDrafts } from './object-drafts.ts';
import { ObjectFilters } from './object-filter.ts';
import { OccupancyWatch } from './occupancy-watch.ts';
import { Presence, type PresenceCounts } from './presence.ts';
import type { FrameFacts, Sighting } from './sighting.ts';
import { type Happenings, type Places, Subject } from './subject.ts';
import { UpdateThrottle } from './update-throttle.ts';

/** An object that is walking out of the picture ends when unseen for so long; others have `lostMs` to come back. */
const EXIT_HOLD_MS = 600;
/** And it must be missing in this many frames, or one miss at 1 fps would end it. */
const EXIT_MISSES = 2;
/** An unseen object takes over a nearby track after so long, even while the tracker still looks for its own. */
const TAKE_OVER_MS = 300;
/** A candidate that comes and goes so often and is still not believed is looked at anew. */
const MOST_UNTOLD = 64;

export interface CameraRulesOptions {
  readonly cameraId: string;
  /** Labels to report and their minimum scores; empty: every label. */
  readonly objects: CameraConfig['objects'];
  readonly zones: CameraConfig['zones'];
  readonly lines: CameraConfig['lines'];
  /** Minimum score of labels without one of their own, 0..1. */
  readonly minScore?: number;
  /** An object unseen for so long ends. */
  readonly lostMs?: number;
  /** A fresh id. @param atMs when the object was first seen, ms since the epoch */
  readonly newObjectId: (atMs: number) => string;
}

/** A believed object in the newest frame. */
export interface SeenObject {
  readonly objectId: string;
  readonly label: string;
  readonly boxPx: BoxPx;
}

/**
 * The rules of one camera: tracks in, events out. An object is believed on evidence, outlives the tracks that carry it,
 * starts once and ends once. Pure: time comes with the frames.
 */
export class CameraRules {
  readonly #options: CameraRulesOptions;
  readonly #filters: ObjectFilters;
  readonly #lostMs: number;
  readonly #drafts: ObjectDrafts;
  readonly #presence: Presence;
  readonly #occupancy: OccupancyWatch;
  readonly #throttle = new UpdateThrottle();
  /** Candidates and objects, oldest first. */
  #subjects: Subject[] = [];
  /** What candidates did in zones and on lines, told if they turn out to be objects. */
  readonly #untold = new Map<Subject, Happenings[]>();
  /** Objects that ended before `lostMs` was over. */
  #departed: { readonly label: string; readonly last: Sighting }[] = [];
  #updatedMonoMs = Number.NaN;

  constructor(options: CameraRulesOptions) {
    this.#options = options;
    this.#filters = new ObjectFilters(options.objects, options.minScore ?? 0.35);
    this.#lostMs = options.lostMs ?? 3_000;
    this.#drafts = new ObjectDrafts(options.cameraId, options);
    this.#presence = new Presence(options.objects, options.zones);
    this.#occupancy = new OccupancyWatch(options.cameraId, options.zones);
  }

  /** Objects that started and have not ended. */
  get liveObjects(): number {
    return this.#objects().length;
  }

  /** Objects present now. */
  counts(): PresenceCounts {
    return this.#presence.count(this.#objects());
  }

  /** Objects that were seen in the newest update. */
  seenObjects(): SeenObject[] {
    return this.#subjects.flatMap(({ objectId, label, last, unseenUpdates }) =>
      objectId === undefined || unseenUpdates > 0 ? [] : [{ objectId, label, boxPx: last.boxPx }],
    );
  }

  /** States what second models say of an object from now on; of one that has ended it is ignored. */
  setAttributes(objectId: string, attributes: Attributes): void {
    const subject = this.#subjects.find((other) => other.objectId === objectId);
    if (subject !== undefined) subject.attributes = attributes;
  }

  /**
   * Takes in one update of the tracker.
   * @returns what happened, in the order in which it is to be told: within one object `object.started` comes first and
   *   `object.ended` last. `atMs` of `object.started` is the first sighting (`timings` are of the frame that settled it), `atMs` of
   *   `object.ended` the last one.
   */
  update(update: TrackUpdate, frame: FrameFacts): EventDraft[] {
    const { atMonoMs } = update;
    const elapsedMs = Math.max(0, atMonoMs - this.#updatedMonoMs) || 0;
    this.#updatedMonoMs = atMonoMs;
    const seen = update.tracks.filter(
      (track) => track.lastSeenMonoMs >= atMonoMs && this.#filters.reports(track.label),
    );
    const drafts = this.#endUnscheduled(frame);
    this.#carryOver(seen, update);
    // What is believed is seen wherever it is; what is not must also pass the operator's filters.
    const counting = seen.filter(
      (track) =>
        this.#carriedBy(track)?.objectId !== undefined ||
        this.#filters.admits(track.label, track.boxPx, frame),
    );
    drafts.push(...this.#look(counting, frame, atMonoMs));
    this.#weigh(elapsedMs, atMonoMs);
    drafts.push(...this.#confirm(counting, atMonoMs));
    for (const subject of this.#objects()) {
      if (this.#throttle.isDue(subject, atMonoMs)) drafts.push(this.#drafts.updated(subject));
    }
    drafts.push(...this.#endGone(atMonoMs));
    drafts.push(...this.#occupancy.update(this.#objects(), frame));
    return drafts;
  }

  /** Ends every object at its last sighting and forgets every candidate: the camera was lost, or detection stops. */
  endAll(cause: EndCause): EventDraft[] {
    const drafts = this.#objects().flatMap((subject) => this.#drafts.ended(subject, cause));
    for (const subject of this.#subjects) this.#forget(subject);
    this.#departed = [];
    return [...drafts, ...this.#occupancy.end()];
  }

  #objects(): Subject[] {
    return this.#subjects.filter((subject) => subject.objectId !== undefined);
  }

  /** Lets objects, then candidates, whose own track is not seen go on with a track that nobody believes yet. */
  #carryOver(seen: readonly Track[], { atMonoMs, tracks }: TrackUpdate): void {
    const live = new Set(tracks.map((track) => track.trackId));
    const tracked = new Set(seen.map((track) => track.trackId));
    const unseen = this.#subjects.filter((subject) => !tracked.has(subject.trackId));
    const objects = unseen.filter(
      (subject) =>
        subject.objectId !== undefined &&
        (!live.has(subject.trackId) || atMonoMs - subject.last.monoMs >= TAKE_OVER_MS),
    );
    this.#take(seen, objects, atMonoMs);
    const candidates = unseen.filter((subject) => subject.objectId === undefined);
    const free = seen.filter((track) => this.#carriedBy(track) === undefined);
    this.#take(free, candidates, atMonoMs);
  }

  /** Gives tracks without an object to `subjects`; candidates that they carried so far are absorbed. */
  #take(tracks: readonly Track[], subjects: readonly Subject[], monoMs: number): void {
    const free = tracks.filter((track) => this.#carriedBy(track)?.objectId === undefined);
    for (const [subject, track] of bind(free, subjects, monoMs, (other) => this.#carriedBy(other))) {
      const candidate = this.#carriedBy(track);
      if (candidate !== undefined) this.#forget(candidate);
      subject.trackId = track.trackId;
    }
  }

  #carriedBy(track: Track): Subject | undefined {
    return this.#subjects.find((subject) => subject.trackId === track.trackId);
  }

  #forget(subject: Subject): void {
    this.#subjects = this.#subjects.filter((other) => other !== subject);
    this.#untold.delete(subject);
    this.#throttle.forget(subject);
  }

  /** Tells every subject whether it was seen, and starts candidates. @returns what happened to objects */
  #look(seen: readonly Track[], frame: FrameFacts, monoMs: number): EventDraft[] {
    const happened = new Map<Subject, Happenings>();
    for (const track of seen) {
      const { score, boxPx, velocityPxPerS } = track;
      const sighting: Sighting = { monoMs, frame, score, boxPx, velocityPxPerS };
      const subject = this.#carriedBy(track) ?? this.#begin(track, sighting);
      happened.set(subject, subject.see(sighting));
    }
    for (const subject of this.#subjects) {
      if (!happened.has(subject)) subject.miss(monoMs);
    }
    const drafts: EventDraft[] = [];
    for (const [subject, happenings] of happened) {
      if (subject.objectId !== undefined) drafts.push(...this.#drafts.happened(subject, happenings));
      else if (happenings.zones.length + happenings.lines.length > 0)
        this.#untold.set(subject, [...(this.#untold.get(subject) ?? []), happenings]);
    }
    return drafts;
  }

  #begin(track: Track, sighting: Sighting): Subject {
    const { label, trackId } = track;
    const subject = new Subject(label, trackId, sighting, this.#filters.of(label), this.#placesOf(label));
    this.#subjects.push(subject);
    return subject;
  }

  #placesOf(label: string): Places {
    const counting = <P extends { objects?: string[] | undefined }>(places: Record<string, P>) =>
      new Map(Object.entries(places).filter(([, place]) => place.objects?.includes(label) ?? true));
    return { zones: counting(this.#options.zones), lines: counting(this.#options.lines) };
  }

  /** Drops candidates that nothing speaks for, and raises the bar for those that may be views of a known object. */
  #weigh(elapsedMs: number, monoMs: number): void {
    this.#departed = this.#departed.filter(({ last }) => monoMs - last.monoMs <= this.#lostMs);
    for (const subject of this.#subjects.filter((other) => other.objectId === undefined)) {
      if (subject.isRefuted || (this.#untold.get(subject)?.length ?? 0) > MOST_UNTOLD) {
        this.#forget(subject);
        continue;
      }
      const isRemnant = this.#departed.some(
        ({ label, last }) =>
          label === subject.label &&
          continuationCost(last, subject.first.boxPx, subject.first.monoMs) !== undefined,
      );
      subject.doubt(this.#isCovered(subject) ? 'covered' : isRemnant ? 'remnant' : 'none', elapsedMs);
    }
  }

  #isCovered(subject: Subject): boolean {
    return this.#objects().some(
      (object) => object.label === subject.label && covers(object.last.boxPx, subject.last.boxPx),
    );
  }

  /** Makes objects of the candidates that are believed now, the surest first. */
  #confirm(seen: readonly Track[], monoMs: number): EventDraft[] {
    const drafts: EventDraft[] = [];
    for (const track of seen) {
      const subject = this.#carriedBy(track);
      if (subject === undefined || subject.objectId !== undefined || !subject.isBelievable) continue;
      // A twin may have been confirmed a moment ago, in this very frame.
      if (this.#isCovered(subject)) subject.doubt('covered', 0);
      if (!subject.isBelievable) continue;
      const missing = this.#objects().filter((object) => object.unseenUpdates > 0);
      const [continued] = bind([track], missing, monoMs, (other) => this.#carriedBy(other)).keys();
      if (continued !== undefined) {
        this.#forget(subject);
        continued.trackId = track.trackId;
        drafts.push(...this.#drafts.happened(continued, continued.see(subject.last)));
        continue;
      }
      subject.objectId = this.#options.newObjectId(Math.round(subject.first.frame.times.captureAtMs));
      this.#throttle.told(subject, monoMs);
      drafts.push(this.#drafts.started(subject));
      for (const happenings of this.#untold.get(subject) ?? []) {
        drafts.push(...this.#drafts.happened(subject, happenings));
      }
      this.#untold.delete(subject);
    }
    return drafts;
  }

  /** Ends the objects whose label is not reported at this time of the day. */
  #endUnscheduled({ times }: FrameFacts): EventDraft[] {
    const over = this.#objects().filter(({ label }) => !this.#filters.of(label).isOpen(times.captureAtMs));
    const drafts = over.flatMap((subject) => this.#drafts.ended(subject, 'stopped'));
    for (const subject of over) this.#forget(subject);
    return drafts;
  }

  #endGone(monoMs: number): EventDraft[] {
    const drafts: EventDraft[] = [];
    for (const subject of this.#objects()) {
      const absentMs = monoMs - subject.last.monoMs;
      const leaving = subject.unseenUpdates >= EXIT_MISSES && isLeaving(subject.last, monoMs);
      if (absentMs < (leaving ? Math.min(EXIT_HOLD_MS, this.#lostMs) : this.#lostMs)) continue;
      drafts.push(...this.#drafts.ended(subject, 'gone'));
      this.#departed.push({ label: subject.label, last: subject.last });
      this.#forget(subject);
    }
    return drafts;
  }
}
