import type { Clock } from '../base/clock.ts';
import { withDeadline } from '../base/deadline.ts';
import type { Frame, PictureSize } from '../flow/frame.ts';
import type { CameraStills } from './camera-stills.ts';
import { copyPicture, encodeView, type Picture } from './frame-jpeg.ts';

/** A picture is of the next frame; a camera that has none by then has none. */
const FRAME_DEADLINE_MS = 5_000;

export interface CurrentPictureParts {
  readonly cameraId: string;
  /** Of the JPEG, 1..100. */
  readonly quality: number;
  /** Absent: pictures have the size of detection. */
  readonly stills?: CameraStills | undefined;
  readonly clock: Clock;
}

interface Shot {
  readonly picture: Picture;
  readonly frame: Pick<Frame, 'times' | 'colour'>;
}

/** What a camera sees now, as JPEG, for whoever asks. Those who ask at the same time get the same. */
export class CurrentPicture {
  readonly #parts: CurrentPictureParts;
  readonly #abort = new AbortController();
  #takers: ((shot: Shot) => void)[] = [];
  readonly #making = new Map<PictureSize, Promise<Buffer>>();

  constructor(parts: CurrentPictureParts) {
    this.#parts = parts;
  }

  /** A frame has come. Its pixels are read now and not later. */
  see(frame: Frame): void {
    if (this.#takers.length === 0) return;
    const { times, colour } = frame;
    for (const taker of this.#takers.splice(0))
      taker({ picture: copyPicture(frame), frame: { times, colour } });
  }

  /** The next frame; at the size of detection where that of the camera cannot be had. @throws OcellusError `deadline_exceeded` */
  take(size: PictureSize): Promise<Buffer> {
    const making = this.#making.get(size) ?? this.#make(size).finally(() => this.#making.delete(size));
    this.#making.set(size, making);
    return making;
  }

  /** Nobody waits for full size any more. */
  close(): void {
    this.#abort.abort();
  }

  async #make(size: PictureSize): Promise<Buffer> {
    const { cameraId, quality, stills, clock } = this.#parts;
    const next = new Promise<Shot>((resolve) => this.#takers.push(resolve));
    const what = `waiting for a frame of camera ${cameraId}`;
    const { picture, frame } = await withDeadline(next, FRAME_DEADLINE_MS, what, clock);
    const still = size === 'camera' ? await stills?.take({ frame, quality }, this.#abort.signal) : undefined;
    return (still ?? (await encodeView(picture, quality))).picture;
  }
}
