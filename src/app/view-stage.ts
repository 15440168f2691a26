import type { SnapshotsConfig } from '../config/camera-schema.ts';
import { sharpness, viewQuality } from '../events/best-view.ts';
import type { SeenObject } from '../events/subject.ts';
import type { Frame } from '../flow/frame.ts';
import { copyPicture } from './frame-jpeg.ts';
import { type ChosenView, type ViewedObject, ViewKeeper, type ViewKeeperParts } from './view-keeper.ts';

/** A better view is worth a message no more often than this. */
const INTERVAL_MS = 5_000;
/** And only when it is better by so much. */
const BETTER = 1.1;

export interface ViewStageParts extends Omit<ViewKeeperParts, 'quality'> {
  readonly config: SnapshotsConfig;
}

interface Best extends ViewedObject {
  quality: number;
  /** Not handed over yet; undefined once it is. */
  view: Pick<ChosenView, 'picture' | 'frame' | 'boxPx' | 'video'> | undefined;
  isInWork: boolean;
  publishedMonoMs: number;
}

/** Chooses the best picture of each object while it is there, and says when one is to be kept and published. */
export class ViewStage {
  readonly #isEnabled: boolean;
  readonly #keeper: ViewKeeper;
  readonly #best = new Map<string, Best>();
  /** The object of each label that started last: the topic of a label shows one object, not several in turn. */
  readonly #newest = new Map<string, string>();
  #nowMonoMs = Number.NEGATIVE_INFINITY;

  constructor({ config, ...parts }: ViewStageParts) {
    this.#isEnabled = config.enabled;
    this.#keeper = new ViewKeeper({ ...parts, quality: config.quality });
  }

  /** @param seen objects seen in this frame. Its pixels are read now and not later. */
  look(frame: Frame, seen: readonly SeenObject[]): void {
    if (!this.#isEnabled) return;
    this.#nowMonoMs = frame.times.captureMonoMs;
    this.#keeper.holdWaiting();
    for (const { view } of this.#best.values()) if (view !== undefined) this.#keeper.hold(view);
    for (const object of seen) {
      const best = this.#bestOf(object);
      const quality = qualityIn(frame, object, best.quality * BETTER);
      if (quality > best.quality * BETTER) {
        const { times, source, colour } = frame;
        best.quality = quality;
        const { boxPx } = object;
        best.view = {
          picture: copyPicture(frame, best.view?.picture),
          frame: { times, source, colour },
          boxPx,
          video: undefined,
        };
      }
      if (!best.isInWork && this.#nowMonoMs - best.publishedMonoMs >= INTERVAL_MS) this.#handOver(best);
    }
  }

  /** Where an object's best view is or will be, relative to the storage folder; null when it has none. */
  linkOf(object: { objectId: string; startedAtMs: number }): string | null {
    const best = this.#best.get(object.objectId);
    // One that was not good enough to be chosen may still have a picture of an earlier run.
    if (best === undefined || best.quality === 0) return this.#keeper.earlierLinkOf(object);
    return this.#keeper.linkOf(best);
  }

  /** The object has ended: what it has is its best. */
  forget(objectId: string): void {
    const best = this.#best.get(objectId);
    if (best !== undefined) this.#handOver(best);
    if (best?.view !== undefined) this.#keeper.leaveOut();
    this.#best.delete(objectId);
  }

  /** Resolves when every view that was found is kept and published. @param signal ends waiting for full size */
  settled(signal?: AbortSignal): Promise<void> {
    return this.#keeper.settled(signal);
  }

  #bestOf({ objectId, label, startedAtMs }: SeenObject): Best {
    let best = this.#best.get(objectId);
    if (best === undefined) {
      const nothing = { hasFullSize: false, isOnDisk: false, quality: 0, view: undefined, isInWork: false };
      best = { objectId, label, startedAtMs, ...nothing, publishedMonoMs: Number.NEGATIVE_INFINITY };
      this.#best.set(objectId, best);
      this.#newest.set(label, objectId);
    }
    return best;
  }

  #handOver(best: Best): void {
    const { view, label, objectId } = best;
    if (view === undefined) return;
    const isTaken = this.#keeper.put({
      ...view,
      object: best,
      isShown: () => this.#newest.get(label) === objectId,
      done: () => {
        best.isInWork = false;
        // It counts from when it was published: taking a still may last.
        best.publishedMonoMs = this.#nowMonoMs;
      },
    });
    if (!isTaken) return;
    best.view = undefined;
    best.isInWork = true;
    best.publishedMonoMs = this.#nowMonoMs;
  }
}

/** @param atLeast what would be worth knowing: focus costs a look at every pixel, so it is not measured for a view that cannot reach this */
function qualityIn(frame: Frame, { score, boxPx }: SeenObject, atLeast: number): number {
  const { data, widthPx, heightPx, source } = frame;
  const inPerfectFocus = viewQuality({ score, boxPx, source, sharpness: Number.MAX_VALUE });
  if (inPerfectFocus <= atLeast) return 0;
  const [sx, sy] = [widthPx / source.widthPx, heightPx / source.heightPx];
  const [x1, y1, x2, y2] = boxPx;
  const focus = sharpness(data, { widthPx, heightPx }, [x1 * sx, y1 * sy, x2 * sx, y2 * sy]);
  return viewQuality({ score, boxPx, source, sharpness: focus });
}
