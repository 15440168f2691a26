/**
 * Lets frames through at a rate that need not divide that of the camera: of 10 per second, 4 are now every second one and now
 * every third. What passes counts when it is spent, which is when it was inferred: a frame that was dropped on its way is made up
 * for by the next. Of unused rate no more than one frame is kept.
 */
export class GovernedRate {
  /** 0: no limit. */
  #periodMs = 0;
  #dueMonoMs = Number.NEGATIVE_INFINITY;

  get isLimited(): boolean {
    return this.#periodMs > 0;
  }

  /** @param fps most frames per second, above 0; null: no limit */
  limit(fps: number | null): void {
    const periodMs = fps === null ? 0 : 1000 / fps;
    // A rate that comes back counts from the last frame on, not only from the next.
    this.#dueMonoMs += Math.min(0, periodMs - this.#periodMs);
    this.#periodMs = periodMs;
  }

  isDue(atMonoMs: number): boolean {
    return atMonoMs >= this.#dueMonoMs;
  }

  /** A frame of that time was inferred. */
  spend(atMonoMs: number): void {
    const isFirst = this.#dueMonoMs === Number.NEGATIVE_INFINITY;
    this.#dueMonoMs =
      (isFirst ? atMonoMs : Math.max(this.#dueMonoMs, atMonoMs - this.#periodMs)) + this.#periodMs;
  }
}
