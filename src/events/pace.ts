import { centrePx, extentPx, type Sighting } from './sighting.ts';

/** Speed is what an object covered in so long: the jitter of a box from frame to frame is not motion. */
const OVER_MS = 500;
/** A candidate that is only too slow is looked at anew after so long, or its visit would begin when the car was parked. */
const PATIENCE_MS = 3_000;

/** Whether one candidate has ever moved fast enough to be believed. */
export class Pace {
  readonly #minSpeed: number;
  readonly #sinceMonoMs: number;
  #reached: boolean;
  #way: { readonly monoMs: number; readonly centre: readonly [number, number] }[] = [];

  /** @param minSpeed lengths of its own box per second; 0: any will do */
  constructor(minSpeed: number, sinceMonoMs: number) {
    this.#minSpeed = minSpeed;
    this.#sinceMonoMs = sinceMonoMs;
    this.#reached = minSpeed <= 0;
  }

  get reached(): boolean {
    return this.#reached;
  }

  /** True when it had its time and stayed slow. */
  isIdle(monoMs: number): boolean {
    return !this.#reached && monoMs - this.#sinceMonoMs > PATIENCE_MS;
  }

  /** It was seen. */
  see({ boxPx, monoMs }: Sighting): void {
    if (this.#reached) return;
    const centre = centrePx(boxPx);
    this.#way.push({ monoMs, centre });
    // The newest of those that are old enough is the one to compare with.
    while (this.#way.length > 1 && monoMs - this.#way[1]!.monoMs >= OVER_MS) this.#way.shift();
    const [from] = this.#way;
    if (from === undefined || monoMs - from.monoMs < OVER_MS) return;
    const lengths = Math.hypot(centre[0] - from.centre[0], centre[1] - from.centre[1]) / extentPx(boxPx);
    if ((lengths * 1000) / (monoMs - from.monoMs) < this.#minSpeed) return;
    this.#reached = true;
    this.#way = [];
  }
}
