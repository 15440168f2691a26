import type { Clock } from '../base/clock.ts';

/** An instant on both clocks. */
export interface CaptureInstant {
  readonly captureAtMs: number;
  readonly captureMonoMs: number;
}

/** Window in which the least delayed picture is looked for: long enough to see one, short enough to follow drift. */
const BUCKET_MS = 1_000;
const BUCKETS = 30;
/** A PTS that goes back by more than reordering explains starts a new timeline. */
const PTS_BACK_MS = 1_000;

/**
 * When pictures arrived from the camera, free of the jitter of network, decoder and pipe.
 *
 * A picture is seen at `arrival = pts + offset + delay`, with a delay that is never negative. The smallest
 * `arrival - pts` of the last 30 s is the best estimate of the offset between the two clocks, and `pts + offset` the
 * time at which the picture would have come through an idle machine. The window lets the estimate follow a camera
 * whose clock drifts. Results never go back and never lie after the arrival. The wall clock is added last, so that
 * setting it moves `captureAtMs` alone.
 */
export class ArrivalClock {
  readonly #clock: Clock;
  /** What may yet be the smallest arrival - pts: both grow from the first to the last, so that the first is it now. */
  #minima: { second: number; offsetMs: number }[] = [];
  #lastPtsMs = Number.NEGATIVE_INFINITY;
  #lastMonoMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param ptsMs presentation time of the picture, ms on the stream's clock; NaN when it has none
   * @param arrivedMonoMs when the picture was seen, on the monotonic clock
   */
  captureTime(ptsMs: number, arrivedMonoMs: number): CaptureInstant {
    const monoMs = Number.isNaN(ptsMs) ? arrivedMonoMs : ptsMs + this.#offset(ptsMs, arrivedMonoMs);
    this.#lastMonoMs = Math.min(arrivedMonoMs, Math.max(this.#lastMonoMs, monoMs));
    return {
      captureMonoMs: this.#lastMonoMs,
      captureAtMs: this.#lastMonoMs + this.#clock.wallMs() - this.#clock.monoMs(),
    };
  }

  #offset(ptsMs: number, arrivedMonoMs: number): number {
    if (ptsMs < this.#lastPtsMs - PTS_BACK_MS) this.#minima = [];
    this.#lastPtsMs = ptsMs;
    const second = Math.floor(arrivedMonoMs / BUCKET_MS);
    const offsetMs = arrivedMonoMs - ptsMs;
    const minima = this.#minima;
    // One that is undercut by a later one leaves the window before it, and is never the smallest again.
    while (minima.length > 0 && minima[minima.length - 1]!.offsetMs >= offsetMs) minima.pop();
    if (minima[minima.length - 1]?.second !== second) minima.push({ second, offsetMs });
    while (minima[0]!.second <= second - BUCKETS) minima.shift();
    return minima[0]!.offsetMs;
  }
}
