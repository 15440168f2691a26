import type { Clock } from '../base/clock.ts';
import type { AgeStamp } from './messages.ts';

/** Time that passed while the daemon was not running counts up to this much per start. */
const MOST_DOWNTIME_MS = 86_400_000;

/**
 * The store's own time, by which ages of events are told: ms that the daemon ran, plus what lay between two runs. The
 * wall clock cannot be it. Devices without a battery boot in the past and jump when NTP answers; a jump forward by years
 * would make everything too old at once. While running this follows the monotonic clock; the wall clock only tells how
 * long the daemon was away, within 0 and one day. So things may be kept longer than asked for, never shorter.
 */
export class AgeClock {
  readonly #clock: Clock;
  readonly #baseMs: number;
  readonly #startMonoMs: number;

  /** @param last where it stood at the last commit of the run before */
  constructor(clock: Clock, last: AgeStamp) {
    this.#clock = clock;
    const awayMs = last.wallMs === 0 ? 0 : clock.wallMs() - last.wallMs;
    this.#baseMs = last.ageMs + Math.min(MOST_DOWNTIME_MS, Math.max(0, awayMs));
    this.#startMonoMs = clock.monoMs();
  }

  now(): AgeStamp {
    return {
      ageMs: Math.floor(this.#baseMs + this.#clock.monoMs() - this.#startMonoMs),
      wallMs: Math.floor(this.#clock.wallMs()),
    };
  }
}
