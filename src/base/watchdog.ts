import type { Clock, Timer } from './clock.ts';

/**
 * Calls `expired` when a wait takes longer than it may. For waits in turn, of which nearly all end in time: one timer serves
 * for many of them, where a timer of its own for each is set and cancelled for nothing.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #expired: () => void;
  /** When the wait in progress has taken too long; undefined while there is none. */
  #dueMonoMs: number | undefined;
  #timer: Timer | undefined;
  #timerMonoMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** A wait begins, in place of one in progress. */
  start(deadlineMs: number): void {
    this.#dueMonoMs = this.#clock.monoMs() + deadlineMs;
    if (this.#dueMonoMs < this.#timerMonoMs) this.#setTimer(deadlineMs);
  }

  /** The wait has ended in time. */
  stop(): void {
    this.#dueMonoMs = undefined;
  }

  /** There will be no more waits: the timer goes, and with it what it holds. */
  close(): void {
    this.stop();
    this.#timer?.cancel();
    this.#timerMonoMs = Number.POSITIVE_INFINITY;
  }

  #setTimer(delayMs: number): void {
    this.#timer?.cancel();
    this.#timerMonoMs = this.#clock.monoMs() + delayMs;
    this.#timer = this.#clock.after(delayMs, () => this.#look());
  }

  #look(): void {
    this.#timerMonoMs = Number.POSITIVE_INFINITY;
    if (this.#dueMonoMs === undefined) return;
    const leftMs = this.#dueMonoMs - this.#clock.monoMs();
    if (leftMs > 0) {
      this.#setTimer(leftMs);
      return;
    }
    this.#dueMonoMs = undefined;
    this.#expired();
  }
}
