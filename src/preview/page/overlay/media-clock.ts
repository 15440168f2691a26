/** When the picture at a place of the media was captured, as the server's `clock` messages say. */
export interface ClockPoint {
  readonly mediaTimeS: number;
  readonly captureAtMs: number;
}

const KEPT = 64;

/** Turns the media time of a shown picture into its capture time. */
export class MediaClock {
  readonly #points: ClockPoint[] = [];

  add(point: ClockPoint): void {
    const at = this.#points.findLastIndex(({ mediaTimeS }) => mediaTimeS <= point.mediaTimeS);
    this.#points.splice(at + 1, 0, point);
    if (this.#points.length > KEPT) this.#points.shift();
  }

  /** From the last point that is not after it, so that a jump of the camera's clock moves only what comes later. */
  captureAtMs(mediaTimeS: number): number | undefined {
    const before =
      this.#points.findLast((point) => point.mediaTimeS <= mediaTimeS + 0.001) ?? this.#points[0];
    return before && before.captureAtMs + (mediaTimeS - before.mediaTimeS) * 1000;
  }
}
