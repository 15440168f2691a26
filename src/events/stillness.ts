import { centrePx, extentPx, type Sighting } from './sighting.ts';

/** An object that stays within NEAR extents of one place for SETTLE_MS is stationary until it is FAR from there. */
const NEAR = 0.12;
const FAR = 0.25;
const SETTLE_MS = 3_000;

/** Whether one object stands still: its displacement over seconds, measured by its own extent. */
export class Stillness {
  #place: readonly [number, number] | undefined;
  #sinceMonoMs = 0;
  #stationary = false;

  get stationary(): boolean {
    return this.#stationary;
  }

  /** The object was seen. */
  see({ boxPx, monoMs }: Sighting): void {
    const [x, y] = centrePx(boxPx);
    const limit = (this.#stationary ? FAR : NEAR) * extentPx(boxPx);
    if (this.#place === undefined || Math.hypot(x - this.#place[0], y - this.#place[1]) > limit) {
      this.#place = [x, y];
      this.#sinceMonoMs = monoMs;
      this.#stationary = false;
    } else if (monoMs - this.#sinceMonoMs >= SETTLE_MS) {
      this.#stationary = true;
    }
  }
}
