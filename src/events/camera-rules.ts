import type { Attributes, EventDraft } from '../flow/domain-event.ts';
import type { AppearanceAt, RememberedObject } from '../flow/scene-memory.ts';
import type { Track, TrackUpdate } from '../flow/track.ts';
import { bind, carries, isCovered } from './binding.ts';
import { type CameraRulesOptions, placesFor } from './camera-rules-options.ts';
import { disown, remember } from './colour-memory.ts';
import { Departures, patienceMs } from './departures.ts';
import { type EndCause, ObjectDrafts } from './object-drafts.ts';
import { ObjectFilters } from './object-filter.ts';
import { OccupancyWatch } from './occupancy-watch.ts';
import { Presence, type PresenceCounts } from './presence.ts';
import { type Recognisable, Recognition } from './recognition.ts';
import { changeRules, type RuleSet } from './rule-change.ts';
import { earlierSighting, SceneMemory } from './scene-memory.ts';
import type { FrameFacts, Sighting } from './sighting.ts';
import { type Happenings, isCandidate, type ShownObject, Subject } from './subject.ts';
import { Subjects } from './subjects.ts';
import { Untold } from './untold.ts';
import { UpdateThrottle } from './update-throttle.ts';

/** An unseen object takes over a nearby track after so long, even while the tracker still looks for its own. */
const TAKE_OVER_MS = 300;

/**
 * The rules of one camera: tracks in, events out. An object is believed on evidence, outlives the tracks that carry it,
 * starts once and ends once. Pure: time comes with the frames.
 */
export class CameraRules {
  #options: CameraRulesOptions;
  readonly #filters: ObjectFilters;
  readonly #lostMs: number;
  readonly #drafts: ObjectDrafts;
  readonly #presence: Presence;
  readonly #occupancy: OccupancyWatch;
  readonly #memory = new SceneMemory();
  readonly #throttle = new UpdateThrottle();
  readonly #recognition: Recognition;
  readonly #subjects = new Subjects();
  readonly #carriedBy = this.#subjects.carriedBy;
  readonly #untold = new Untold();
  readonly #departures: Departures;
  #updatedMonoMs = Number.NaN;

  constructor(options: CameraRulesOptions) {
    this.#options = options;
    this.#filters = new ObjectFilters(options.objects, options.minScore ?? 0.35);
    this.#lostMs = options.lostMs ?? 3_000;
    this.#departures = new Departures(this.#lostMs);
    this.#recognition = new Recognition(options.recognition);
    this.#drafts = new ObjectDrafts(options.cameraId, options);
    this.#presence = new Presence(options.objects, options.zones);
    this.#occupancy = new OccupancyWatch(options.cameraId, options.zones);
  }

  /** Objects that started and have not ended. */
  get liveObjects(): number {
    return this.#subjects.objects.length;
  }

  /** Objects present now. */
  counts(): PresenceCounts {
    return this.#presence.count(this.#subjects.objects);
  }

  /** Objects that were seen in the newest update. */
  seenObjects(): ShownObject[] {
    return this.#subjects.objects.flatMap(({ seenNow }) => seenNow ?? []);
  }

  /** What a re-identification model should look at in the newest frame. */
  worthALook(): Recognisable[] {
    return this.#recognition.worthALook(this.#subjects.all, this.#updatedMonoMs);
  }

  /** Adds to what second models say of an object; of one that has ended it is ignored. */
  addAttributes(objectId: string, attributes: Attributes): void {
    const subject = this.#subjects.all.find((other) => other.objectId === objectId);
    if (subject !== undefined) subject.attributes = { ...subject.attributes, ...attributes };
  }

  /** Goes by other rules from now on: objects keep their ids. @returns what ends by that, in the order in which to tell it */
  apply(rules: RuleSet): EventDraft[] {
    this.#options = { ...this.#options, ...rules };
    const parts = { filters: this.#filters, presence: this.#presence, untold: this.#untold };
    const watches = { occupancy: this.#occupancy, drafts: this.#drafts };
    const { told, over } = changeRules(this.#options, this.#subjects.all, { ...parts, ...watches });
    for (const subject of over) this.#forget(subject);
    return told;
  }

  /**
   * Takes in one update of the tracker.
   * @returns what happened, in the order in which it is to be told: within one object `object.started` comes first and
   *   `object.ended` last. `atMs` of `object.started` is the first sighting (`timings` are of the frame that settled it), `atMs` of
   *   `object.ended` the last one.
   * @param at how a place looks in this frame; without it nothing is remembered beyond `lostMs`
   */
  update(update: TrackUpdate, frame: FrameFacts, at: AppearanceAt = () => undefined): EventDraft[] {
    const { atMonoMs } = update;
    const elapsedMs = Math.max(0, atMonoMs - this.#updatedMonoMs) || 0;
    this.#updatedMonoMs = atMonoMs;
    const seen = update.tracks.filter(
      (track) => track.lastSeenMonoMs >= atMonoMs && this.#filters.reports(track.label),
    );
    disown(seen, this.#carriedBy, atMonoMs, at);
    this.#comeBack(seen, at);
    const drafts = this.#endUnscheduled(frame);
    this.#carryOver(seen, update, at);
    // What is believed is seen wherever it is; what is not must also pass the operator's filters.
    const counting = seen.filter(
      (track) =>
        this.#carriedBy(track)?.objectId !== undefined ||
        this.#filters.admits(track.label, track.boxPx, frame),
    );
    drafts.push(...this.#look(counting, frame, atMonoMs));
    this.#weigh(elapsedMs, atMonoMs);
    drafts.push(...this.#confirm(counting, atMonoMs, at));
    this.#memory.look(this.#subjects.objects, update, at);
    remember(seen, this.#carriedBy, atMonoMs, at);
    for (const subject of this.#subjects.objects) {
      if (this.#throttle.isDue(subject, atMonoMs)) drafts.push(this.#drafts.updated(subject));
    }
    drafts.push(...this.#endGone(atMonoMs));
    return [...drafts, ...this.#occupancy.update(this.#subjects.objects, frame)];
  }

  /** Ends every object at its last sighting and forgets every candidate. @param keepWaiting but for those at rest, which will be looked at again */
  endAll(cause: EndCause, keepWaiting = false): EventDraft[] {
    const kept = keepWaiting ? this.waiting : [];
    const over = this.#subjects.objects.filter((subject) => !kept.includes(subject));
    const drafts = over.flatMap((subject) => this.#drafts.ended(subject, cause));
    for (const subject of this.#subjects.all.filter((other) => !kept.includes(other))) this.#forget(subject);
    // The next tracks count from 1 again and are none of theirs.
    for (const subject of kept) subject.trackId = 0;
    this.#departures.clear();
    return [...drafts, ...this.#occupancy.end()];
  }

  /** Objects that wait at their places: no frame needs to be looked at for them. */
  get waiting(): readonly Subject[] {
    return this.#subjects.objects.filter((object) => this.#memory.holds(object));
  }

  /** The stationary objects as they may be given back to `restore` in another run. */
  memory(): RememberedObject[] {
    return this.#memory.export();
  }

  /** Takes up the objects of an earlier run, silently and before the first update; labels no longer reported are left out. */
  restore(objects: readonly RememberedObject[]): void {
    for (const object of objects.filter(({ label }) => this.#filters.reports(label))) {
      const subject = this.#begin(object.label, 0, earlierSighting(object, object.startedAtMs, -10_000));
      this.#subjects.believe(subject, object.objectId);
      this.#memory.restore(subject, object);
      this.#throttle.told(subject, 0);
    }
  }

  /** The picture changed as a whole: changed looks prove nothing until an object is detected again. */
  sceneChanged(): void {
    this.#memory.sceneChanged();
  }

  /** Gives tracks at the places of unseen stationary objects to these, however long that took. */
  #comeBack(seen: readonly Track[], at: AppearanceAt): void {
    const unseen = this.#subjects.objects.filter((object) => !carries(seen, object));
    const free = seen.filter((track) => this.#carriedBy(track)?.objectId === undefined);
    const judge = this.#recognition.judgeAt(this.#updatedMonoMs, this.#carriedBy);
    for (const [object, track] of this.#memory.returning(unseen, free, at, judge)) {
      const candidate = this.#carriedBy(track);
      if (candidate !== undefined) this.#forget(candidate);
      object.trackId = track.trackId;
    }
  }

  /** Lets objects, then candidates, whose own track is not seen go on with a track that nobody believes yet. */
  #carryOver(seen: readonly Track[], { atMonoMs, tracks }: TrackUpdate, at: AppearanceAt): void {
    const unseen = this.#subjects.all.filter((subject) => !carries(seen, subject));
    if (unseen.length === 0) return;
    const objects = unseen.filter(
      (subject) =>
        subject.objectId !== undefined &&
        !this.#memory.pins(subject, atMonoMs, this.#lostMs) &&
        (!carries(tracks, subject) || atMonoMs - subject.last.monoMs >= TAKE_OVER_MS),
    );
    this.#take(seen, objects, atMonoMs, at);
    const free = seen.filter((track) => this.#carriedBy(track) === undefined);
    this.#take(free, unseen.filter(isCandidate), atMonoMs, at);
  }

  /** Gives tracks without an object to `subjects`; candidates that they carried so far are absorbed. */
  #take(tracks: readonly Track[], subjects: readonly Subject[], monoMs: number, at: AppearanceAt): void {
    const free = tracks.filter((track) => this.#carriedBy(track)?.objectId === undefined);
    for (const [subject, track] of bind(free, subjects, monoMs, at, this.#carriedBy, this.#recognition)) {
      const candidate = this.#carriedBy(track);
      if (candidate !== undefined) this.#forget(candidate);
      subject.trackId = track.trackId;
    }
  }

  #forget(subject: Subject): void {
    this.#subjects.remove(subject);
    this.#untold.forget(subject);
    this.#throttle.forget(subject);
    this.#memory.forget(subject);
  }

  /** Tells every subject whether it was seen, and starts candidates. @returns what happened to objects */
  #look(seen: readonly Track[], frame: FrameFacts, monoMs: number): EventDraft[] {
    const happened = new Map<Subject, Happenings>();
    for (const track of seen) {
      const { score, boxPx } = track;
      const known = this.#carriedBy(track);
      // The first box of a track tells no velocity.
      const velocityPxPerS = track.hits > 1 ? track.velocityPxPerS : (known?.last ?? track).velocityPxPerS;
      const sighting: Sighting = { monoMs, frame, score, boxPx, velocityPxPerS };
      const subject = known ?? this.#begin(track.label, track.trackId, sighting);
      happened.set(subject, subject.see(sighting));
    }
    for (const subject of this.#subjects.all) if (!happened.has(subject)) subject.miss(monoMs);
    const drafts: EventDraft[] = [];
    for (const [subject, happenings] of happened) {
      if (subject.objectId !== undefined) drafts.push(...this.#drafts.happened(subject, happenings));
      else this.#untold.keep(subject, happenings);
    }
    return drafts;
  }

  #begin(label: string, trackId: number, sighting: Sighting): Subject {
    const places = placesFor(label, this.#options);
    const subject = new Subject(label, trackId, sighting, this.#filters.of(label), places);
    this.#subjects.add(subject);
    return subject;
  }

  /** Drops candidates that nothing speaks for, and raises the bar for those that may be views of a known object. */
  #weigh(elapsedMs: number, monoMs: number): void {
    this.#departures.pass(monoMs);
    for (const subject of this.#subjects.all.filter(isCandidate)) {
      if (subject.isRefuted || this.#untold.hasTooMany(subject)) {
        this.#forget(subject);
        continue;
      }
      const mayBeKnown = this.#departures.explains(subject) || this.#memory.mayBeBack(subject);
      const otherwise = mayBeKnown ? 'remnant' : 'none';
      subject.doubt(isCovered(subject, this.#subjects.objects) ? 'covered' : otherwise, elapsedMs);
    }
  }

  /** Makes objects of the candidates that are believed now, the surest first. */
  #confirm(seen: readonly Track[], monoMs: number, at: AppearanceAt): EventDraft[] {
    const drafts: EventDraft[] = [];
    for (const track of seen) {
      const subject = this.#carriedBy(track);
      if (subject === undefined || subject.objectId !== undefined || !subject.isBelievable) continue;
      // A twin may have been confirmed a moment ago, in this very frame.
      if (isCovered(subject, this.#subjects.objects)) subject.doubt('covered', 0);
      if (!subject.isBelievable) continue;
      const missing = this.#subjects.objects.filter(
        (object) => object.unseenUpdates > 0 && !this.#memory.pins(object, monoMs, this.#lostMs),
      );
      if (this.#recognition.awaits(subject, this.#subjects.objects, monoMs)) continue;
      const [continued] = bind([track], missing, monoMs, at, this.#carriedBy, this.#recognition).keys();
      if (continued !== undefined) {
        this.#forget(subject);
        continued.trackId = track.trackId;
        drafts.push(...this.#drafts.happened(continued, continued.see(subject.last)));
        continue;
      }
      const atMs = Math.round(subject.first.frame.times.captureAtMs);
      this.#subjects.believe(subject, this.#options.newObjectId(atMs));
      this.#throttle.told(subject, monoMs);
      drafts.push(this.#drafts.started(subject));
      drafts.push(...this.#untold.take(subject).flatMap((done) => this.#drafts.happened(subject, done)));
    }
    return drafts;
  }

  /** Ends the objects whose label is not reported at this time of the day. */
  #endUnscheduled({ times }: FrameFacts): EventDraft[] {
    const over = this.#subjects.objects.filter(
      ({ label }) => !this.#filters.of(label).isOpen(times.captureAtMs),
    );
    const drafts = over.flatMap((subject) => this.#drafts.ended(subject, 'stopped'));
    for (const subject of over) this.#forget(subject);
    return drafts;
  }

  #endGone(monoMs: number): EventDraft[] {
    const drafts: EventDraft[] = [];
    for (const subject of this.#subjects.objects) {
      if (this.#memory.holds(subject) && !this.#memory.isEmpty(subject)) continue;
      if (monoMs - subject.last.monoMs < patienceMs(subject, monoMs, this.#lostMs)) continue;
      drafts.push(...this.#drafts.ended(subject, this.#memory.endCause(subject)));
      this.#departures.add(subject);
      this.#forget(subject);
    }
    return drafts;
  }
}
