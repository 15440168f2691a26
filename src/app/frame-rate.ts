import { OcellusError } from '../base/errors.ts';

/** Frames may come this much early, of a period, and still be due: cameras are not metronomes. */
const DUE_TOLERANCE = 0.1;

/** How many frames per second of a camera are looked at. */
export class FrameRate {
  readonly #cameraId: string;
  readonly #most: number;
  #fps: number;
  /** Least time between frames that are looked at, ms; 0: every frame that the camera gives. */
  #periodMs = 0;
  #lookedMonoMs = Number.NEGATIVE_INFINITY;

  /** @param most configured rate, which is what the decoder is asked for */
  constructor(cameraId: string, most: number) {
    this.#cameraId = cameraId;
    this.#most = most;
    this.#fps = most;
  }

  get fps(): number {
    return this.#fps;
  }

  /** @throws OcellusError `data_invalid` for more than the configured rate */
  set(fps: number): void {
    if (fps > this.#most) {
      throw new OcellusError('data_invalid', `${fps} fps is more than this camera's ${this.#most}`, {
        hint: `raise cameras.${this.#cameraId}.detect.fps in the configuration`,
      });
    }
    this.#fps = fps;
    this.#periodMs = 1000 / fps;
  }

  /** Whether a frame of that time is looked at. */
  isDue(atMonoMs: number): boolean {
    if (atMonoMs - this.#lookedMonoMs < this.#periodMs * (1 - DUE_TOLERANCE)) return false;
    this.#lookedMonoMs = atMonoMs;
    return true;
  }
}
