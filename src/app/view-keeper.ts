import { explain } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { cropAround } from '../events/best-view.ts';
import type { Frame } from '../flow/frame.ts';
import type { BoxPx, PixelRect, SizePx } from '../flow/geometry.ts';
import type { MediaFragment } from '../flow/media.ts';
import type { SnapshotFiles } from '../store/media/snapshot-files.ts';
import type { CameraStills } from './camera-stills.ts';
import { encodeView, type Picture } from './frame-jpeg.ts';

/** A best view as it is kept and published. */
export interface ViewJpegs {
  /** The whole picture. */
  readonly picture: Buffer;
  /** The object and some of what is around it. */
  readonly crop: Buffer;
}

/** What has become of an object's views so far. */
export interface ViewedObject {
  readonly objectId: string;
  readonly label: string;
  readonly startedAtMs: number;
  /** One of its views was had at the size of the camera. */
  hasFullSize: boolean;
  /** One of them is on disk. */
  isOnDisk: boolean;
}

export interface ChosenView {
  readonly object: ViewedObject;
  /** At detection size. */
  readonly picture: Picture;
  readonly frame: Pick<Frame, 'times' | 'source' | 'colour'>;
  readonly boxPx: BoxPx;
  /** The same picture as the camera sent it, as soon as it is at hand. */
  video: readonly MediaFragment[] | undefined;
  /** Whether the topic of its label shows this object. */
  readonly isShown: () => boolean;
  /** Called once it is published, or is not going to be. */
  readonly done: () => void;
}

/** A crowd that leaves at once is as many; a picture at detection size has up to 0.6 MB. */
export const MOST_WAITING = 32;

export interface ViewKeeperParts {
  /** Of the JPEGs, 1..100. */
  readonly quality: number;
  /** Absent: views have the size of detection. */
  readonly stills?: CameraStills | undefined;
  /** Absent: nothing is kept on disk. */
  readonly files?: SnapshotFiles | undefined;
  readonly publish: (label: string, jpegs: ViewJpegs) => void;
  readonly log: Logger;
}

/**
 * Makes JPEGs of the views that were chosen, keeps them on disk and has them published: one after the other, so that an older
 * view never replaces a newer one. Of each object the newest waits, and of all no more than `MOST_WAITING`.
 */
export class ViewKeeper {
  readonly #parts: ViewKeeperParts;
  readonly #waiting = new Map<string, ChosenView>();
  /** Whose view is being made. */
  #inWork: string | undefined;
  #isBehind = false;
  readonly #abort = new AbortController();
  #working: Promise<void> | undefined;

  constructor(parts: ViewKeeperParts) {
    this.#parts = parts;
  }

  /** @returns false when too many wait: it may be put again later */
  put(view: ChosenView): boolean {
    const { objectId } = view.object;
    if (!this.#takes(objectId)) return false;
    this.#waiting.get(objectId)?.done();
    this.#waiting.set(objectId, view);
    this.#working ??= this.#work();
    return true;
  }

  /** A view will not be put again: its object has ended. */
  leaveOut(): void {
    this.#parts.files?.outcomes.add('too_many');
    if (this.#isBehind) return;
    this.#isBehind = true;
    this.#parts.log.warn(
      { waiting: this.#waiting.size },
      'more best views than can be kept: some are left out',
    );
  }

  /** Holds the video of a view that will be asked for. Called with every frame: it is at hand a little later than its frame, and not for long. */
  hold(view: Pick<ChosenView, 'frame' | 'video'>): void {
    view.video ??= this.#parts.stills?.video(view.frame);
  }

  /** As `hold`, for the views that wait for their turn. */
  holdWaiting(): void {
    for (const view of this.#waiting.values()) this.hold(view);
  }

  /** Where the object's picture is or will be in a moment; null when there is none. */
  linkOf(object: ViewedObject): string | null {
    const { files } = this.#parts;
    const isDue = object.objectId === this.#inWork || this.#takes(object.objectId);
    const isThere = object.isOnDisk || (files?.isWritable === true && isDue);
    return files !== undefined && isThere ? files.linkOf(object) : null;
  }

  /** As `linkOf`, for an object of an earlier run. */
  earlierLinkOf(object: { objectId: string; startedAtMs: number }): string | null {
    const link = this.#parts.files?.linkOf(object);
    return link !== undefined && this.#parts.files?.exists(link) ? link : null;
  }

  /** Resolves when every view has been dealt with. @param signal ends waiting for full size, for good */
  async settled(signal?: AbortSignal): Promise<void> {
    const hurry = () => this.#abort.abort();
    signal?.addEventListener('abort', hurry, { once: true });
    if (signal?.aborted) hurry();
    await this.#working;
    signal?.removeEventListener('abort', hurry);
  }

  async #work(): Promise<void> {
    for (;;) {
      const [view] = this.#waiting.values();
      if (view === undefined) break;
      this.#waiting.delete(view.object.objectId);
      this.#inWork = view.object.objectId;
      try {
        await this.#keep(view);
      } catch (error) {
        this.#parts.log.warn(
          { label: view.object.label, error: explain(error) },
          'a view could not be encoded',
        );
      }
      view.done();
    }
    this.#working = undefined;
    this.#inWork = undefined;
    this.#isBehind = false;
  }

  #takes(objectId: string): boolean {
    return this.#waiting.has(objectId) || this.#waiting.size < MOST_WAITING;
  }

  async #keep({ object, picture, frame, video, boxPx, isShown }: ChosenView): Promise<void> {
    const { quality, stills, files, publish } = this.#parts;
    const crop = cropAround(boxPx, frame.source);
    const still = await stills?.take({ frame, video, crop, quality }, this.#abort.signal);
    // What is seen better but smaller is no better picture.
    if (still === undefined && object.hasFullSize) return;
    const made = still ?? (await encodeView(picture, quality, scaled(crop, frame.source, picture)));
    const jpegs: ViewJpegs = { picture: made.picture, crop: made.crop ?? made.picture };
    object.hasFullSize ||= still !== undefined;
    if (isShown()) publish(object.label, jpegs);
    if (files !== undefined && (await files.save(files.linkOf(object), jpegs))) object.isOnDisk = true;
  }
}

/** A part of one picture in the pixels of the same picture at another size. */
function scaled(rect: PixelRect, from: SizePx, to: SizePx): PixelRect {
  const [sx, sy] = [to.widthPx / from.widthPx, to.heightPx / from.heightPx];
  const xPx = Math.min(to.widthPx - 1, Math.floor(rect.xPx * sx));
  const yPx = Math.min(to.heightPx - 1, Math.floor(rect.yPx * sy));
  return {
    xPx,
    yPx,
    widthPx: Math.min(to.widthPx - xPx, Math.ceil(rect.widthPx * sx)),
    heightPx: Math.min(to.heightPx - yPx, Math.ceil(rect.heightPx * sy)),
  };
}
