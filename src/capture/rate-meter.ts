import type { Clock } from '../base/clock.ts';

const WINDOW_MS = 5_000;
const KEPT = 256;

/** How often something happens, from its last few seconds. */
export class RateMeter {
  readonly #clock: Clock;
  readonly #times: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  tick(): void {
    this.#times.push(this.#clock.monoMs());
    if (this.#times.length > KEPT) this.#times.shift();
  }

  /** Per second; 0 when nothing happened for 5 s. */
  perSecond(): number {
    const nowMs = this.#clock.monoMs();
    const recent = this.#times.filter((timeMs) => nowMs - timeMs <= WINDOW_MS);
    const spanMs = nowMs - (recent[0] ?? nowMs);
    return recent.length < 2 || spanMs === 0 ? 0 : ((recent.length - 1) * 1000) / spanMs;
  }
}
