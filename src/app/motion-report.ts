/** Motion is reported as over when it has not been seen for so long. */
const HOLD_MS = 2_000;

/** Whether something moves, as people would say it: without the flicker from frame to frame. */
export class MotionReport {
  readonly #changed: (moving: boolean) => void;
  #moving = false;
  #movedMonoMs = Number.NEGATIVE_INFINITY;

  /** @param changed hears when it begins and when it is over */
  constructor(changed: (moving: boolean) => void) {
    this.#changed = changed;
  }

  get moving(): boolean {
    return this.#moving;
  }

  /** Takes what the motion gate says of one frame. */
  look(moving: boolean, atMonoMs: number): void {
    if (moving) this.#movedMonoMs = atMonoMs;
    const held = moving || atMonoMs - this.#movedMonoMs < HOLD_MS;
    if (held === this.#moving) return;
    this.#moving = held;
    this.#changed(held);
  }
}
