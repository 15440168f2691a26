import { explain } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { SnapshotsConfig } from '../config/camera-schema.ts';
import { sharpness, viewQuality } from '../events/best-view.ts';
import type { SeenObject } from '../events/subject.ts';
import type { Frame } from '../flow/frame.ts';
import { copyPicture, encodeJpeg, type Picture } from './frame-jpeg.ts';

/** A better view is worth a message no more often than this. */
const INTERVAL_MS = 5_000;
/** And only when it is better by so much. */
const BETTER = 1.1;

export interface ViewStageParts {
  readonly config: SnapshotsConfig;
  /** Publishes the best view of the newest object of a label. */
  readonly publish: (label: string, jpeg: Buffer) => void;
  readonly log: Logger;
}

interface Best {
  readonly label: string;
  quality: number;
  /** Not published yet; undefined once it is. */
  picture: Picture | undefined;
  publishedMonoMs: number;
}

/** Keeps the best picture of each object while it is there, at the size of the frames, and has it published. */
export class ViewStage {
  readonly #parts: ViewStageParts;
  readonly #best = new Map<string, Best>();
  /** The object of each label that started last: the topic of a label shows one object, not several in turn. */
  readonly #newest = new Map<string, string>();
  #encoding: Promise<void> = Promise.resolve();

  constructor(parts: ViewStageParts) {
    this.#parts = parts;
  }

  /** @param seen objects seen in this frame. Its pixels are read now and not later. */
  look(frame: Frame, seen: readonly SeenObject[]): void {
    if (!this.#parts.config.enabled) return;
    for (const object of seen) {
      const best = this.#bestOf(object);
      const quality = qualityIn(frame, object, best.quality * BETTER);
      if (quality > best.quality * BETTER) {
        best.quality = quality;
        best.picture = copyPicture(frame, best.picture);
      }
      const atMonoMs = frame.times.captureMonoMs;
      if (best.picture === undefined || atMonoMs - best.publishedMonoMs < INTERVAL_MS) continue;
      best.publishedMonoMs = atMonoMs;
      this.#publish(object.objectId, best);
    }
  }

  /** The object has ended: what it has is its best. */
  forget(objectId: string): void {
    const best = this.#best.get(objectId);
    if (best !== undefined) this.#publish(objectId, best);
    this.#best.delete(objectId);
  }

  /** Resolves when every view that was found has been published. */
  settled(): Promise<void> {
    return this.#encoding;
  }

  #bestOf({ objectId, label }: SeenObject): Best {
    let best = this.#best.get(objectId);
    if (best === undefined) {
      best = { label, quality: 0, picture: undefined, publishedMonoMs: Number.NEGATIVE_INFINITY };
      this.#best.set(objectId, best);
      this.#newest.set(label, objectId);
    }
    return best;
  }

  #publish(objectId: string, best: Best): void {
    const { label, picture } = best;
    best.picture = undefined;
    if (picture === undefined || this.#newest.get(label) !== objectId) return;
    const { config, publish, log } = this.#parts;
    // One after the other, so that an older view never replaces a newer one.
    this.#encoding = this.#encoding.then(async () => {
      try {
        publish(label, await encodeJpeg(picture, config.quality));
      } catch (error) {
        log.warn({ label, error: explain(error) }, 'a view could not be encoded');
      }
    });
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
