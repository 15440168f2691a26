import type { Logger } from '../base/log.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import { CameraRules } from '../events/camera-rules.ts';
import { type PresenceCounts, sameCounts } from '../events/presence.ts';
import type { ShownObject } from '../events/subject.ts';
import type { Detection } from '../flow/detection.ts';
import type { Attributes, EventDraft, endCauses } from '../flow/domain-event.ts';
import type { Frame } from '../flow/frame.ts';
import type { SceneMemoryStore } from '../flow/scene-memory.ts';
import { appearanceAt } from '../motion/appearance.ts';
import type { ClipRecorder } from '../store/media/clip-recorder.ts';
import type { SnapshotFiles } from '../store/media/snapshot-files.ts';
import { thresholdsFor } from '../track/options.ts';
import { Tracker } from '../track/tracker.ts';
import { AttributeStage } from './attribute-stage.ts';
import type { CameraStills } from './camera-stills.ts';
import type { ClassifierRuntime } from './classifier-runtime.ts';
import { withLinks } from './event-links.ts';
import type { PipelineOutlet } from './pipeline-outlet.ts';
import type { ReidRuntime } from './reid-runtime.ts';
import { ReidStage } from './reid-stage.ts';
import { ViewStage } from './view-stage.ts';

/** The stationary objects are saved no more often than this, and at the end. */
const SAVE_INTERVAL_MS = 60_000;

export interface ObjectStageParts {
  readonly cameraId: string;
  readonly config: CameraConfig;
  /** Detections at or above may start a track; weaker ones only continue one. */
  readonly minScore: number;
  readonly newObjectId: (atMs: number) => string;
  /** Every classifier that the camera names. */
  readonly classifiers: ReadonlyMap<string, ClassifierRuntime>;
  /** The re-identification that the camera names, if any. */
  readonly reid?: ReidRuntime | undefined;
  readonly outlet: PipelineOutlet;
  readonly log: Logger;
  /** Records clips of the objects; absent: nothing is recorded. */
  readonly recorder?: ClipRecorder | undefined;
  /** Pictures at the size of the camera; absent: best views have that of detection. */
  readonly stills?: CameraStills | undefined;
  /** Keeps best views; absent: they are published only. */
  readonly snapshotFiles?: SnapshotFiles | undefined;
  /** Absent: stationary objects end with the daemon. */
  readonly sceneStore?: SceneMemoryStore | undefined;
}

/** The least score at which any label of a camera is reported: the model's, or that of a label with one of its own. */
export function lowestMinScore(modelMinScore: number, { objects }: Pick<CameraConfig, 'objects'>): number {
  return Math.min(modelMinScore, ...Object.values(objects).map(({ minScore }) => minScore ?? modelMinScore));
}

/** The second half of a camera's pipeline: detections of one frame -> tracks -> events and counts. */
export class ObjectStage {
  #parts: ObjectStageParts;
  readonly #rules: CameraRules;
  readonly #attributes: AttributeStage;
  readonly #reid: ReidStage;
  readonly #views: ViewStage;
  #tracker: Tracker;
  #liveTracks = 0;
  #counts: PresenceCounts | undefined;
  #savedKey = '';
  #savedMonoMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ObjectStageParts) {
    const { cameraId, config, newObjectId } = parts;
    this.#parts = parts;
    this.#rules = new CameraRules({
      cameraId,
      objects: config.objects,
      zones: config.zones,
      lines: config.lines,
      minScore: parts.minScore,
      lostMs: config.track.lostMs,
      newObjectId,
      recognition: config.reid &&
        parts.reid && { labels: config.reid.objects, minSimilarity: parts.reid.minSimilarity },
    });
    const told = (objectId: string, attributes: Attributes) =>
      this.#rules.addAttributes(objectId, attributes);
    this.#reid = new ReidStage({
      ...{ cameraId, runtime: parts.reid, told },
      attribute: config.reid?.attribute ?? '',
    });
    this.#attributes = new AttributeStage({
      cameraId,
      classify: config.classify,
      classifiers: parts.classifiers,
      told,
    });
    this.#views = new ViewStage({
      config: config.snapshots,
      stills: parts.stills,
      files: parts.snapshotFiles,
      publish: (label, jpegs) => parts.outlet.bestView(cameraId, label, jpegs),
      log: parts.log,
    });
    this.#tracker = this.#newTracker();
  }

  /** What the next frame should be inferred for: tracks, and objects that outlive theirs. Not those at rest. */
  get following(): number {
    return Math.max(this.#liveTracks, this.#rules.liveObjects - this.#rules.waiting.length);
  }

  /** Objects present now. */
  get present(): PresenceCounts {
    return this.#counts ?? this.#rules.counts();
  }

  /** Objects in the newest frame. */
  seen(): ShownObject[] {
    return this.#rules.seenObjects();
  }

  /** Goes by other objects, zones and lines from now on; what is believed goes on. */
  apply(config: CameraConfig): void {
    this.#parts = { ...this.#parts, config };
    this.#tracker.setThresholds(thresholdsFor(lowestMinScore(this.#parts.minScore, config)));
    for (const draft of this.#rules.apply(config)) this.#tell(draft);
    this.#reportCounts(false);
  }

  /** States the counts although nothing has been seen yet, so that whoever subscribes finds them. */
  start(): void {
    const { cameraId, sceneStore } = this.#parts;
    this.#rules.restore(sceneStore?.load(cameraId) ?? []);
    this.#reportCounts(true);
  }

  /**
   * Ends what is not taken up again, by the next run or by this camera's next pipeline: all, or all but the stationary
   * objects, which are saved. Resolves when their last views are handed over. @param signal ends waiting for full size
   */
  close(signal: AbortSignal, cause: (typeof endCauses)[number] = 'stopped'): Promise<void> {
    // What could not be saved will not be taken up again, and needs its end now.
    this.endAll(cause, this.#save());
    return this.#views.settled(signal);
  }

  /** Takes the detections of one frame, in order of capture. */
  update(detections: readonly Detection[], frame: Frame, inferredAtMs: number): void {
    const update = this.#tracker.update(detections, frame.times.captureMonoMs);
    this.#parts.outlet.tracks(frame, update);
    const context = { source: frame.source, times: frame.times, inferredAtMs };
    const drafts = this.#rules.update(update, context, (boxPx) => appearanceAt(frame, boxPx));
    const seenObjects = this.#rules.seenObjects();
    // First, so that the start of an object can link its view already.
    this.#views.look(frame, seenObjects);
    for (const draft of drafts) this.#tell(draft);
    this.#attributes.look(frame, seenObjects);
    this.#reid.look(frame, this.#rules.worthALook());
    const { waiting } = this.#rules;
    this.#liveTracks = update.tracks.filter(
      ({ trackId }) => !waiting.some((object) => object.trackId === trackId),
    ).length;
    this.#reportCounts(false);
    this.#saveWhenDue(update.atMonoMs);
  }

  /** The picture changed as a whole: light switched, infrared filter, camera moved. */
  sceneChanged(): void {
    this.#rules.sceneChanged();
  }

  /** States the counts again, for a broker that has none. */
  restate(): void {
    this.#reportCounts(true);
  }

  /** Ends every object: the camera is lost, or the daemon stops. @param keepWaiting all but those at rest */
  endAll(cause: (typeof endCauses)[number], keepWaiting = false): void {
    for (const draft of this.#rules.endAll(cause, keepWaiting)) this.#tell(draft);
    this.#tracker = this.#newTracker();
    this.#liveTracks = 0;
    this.#reportCounts(false);
    this.#save();
  }

  /** At once when an object came to rest or ended; what else changes can wait, for the sake of SD cards. */
  #saveWhenDue(monoMs: number): void {
    if (this.#parts.sceneStore === undefined) return;
    const key = this.#rules.waiting.map(({ objectId }) => objectId).join();
    if (key === this.#savedKey && monoMs - this.#savedMonoMs < SAVE_INTERVAL_MS) return;
    this.#savedKey = key;
    this.#savedMonoMs = monoMs;
    this.#save();
  }

  #save(): boolean {
    return this.#parts.sceneStore?.save(this.#parts.cameraId, this.#rules.memory()) ?? false;
  }

  #tell(draft: EventDraft): void {
    this.#parts.outlet.event(withLinks(draft, this.#parts.recorder, this.#views));
    if (draft.type === 'object.ended') this.#forget(draft.objectId);
    // What was told of an object at rest must not be told again by the next run, however this one ends.
    if ('zone' in draft && 'stationary' in draft && draft.stationary) this.#savedKey = '';
  }

  #forget(objectId: string): void {
    this.#attributes.forget(objectId);
    this.#views.forget(objectId);
  }

  #newTracker(): Tracker {
    const { config, minScore } = this.#parts;
    // What is worth an event is decided by the rules on evidence; the tracker follows all that may become it.
    return new Tracker({ ...config.track, ...thresholdsFor(lowestMinScore(minScore, config)) });
  }

  #reportCounts(always: boolean): void {
    const counts = this.#rules.counts();
    if (!always && this.#counts !== undefined && sameCounts(counts, this.#counts)) return;
    this.#counts = counts;
    this.#parts.outlet.counts(this.#parts.cameraId, counts);
  }
}
