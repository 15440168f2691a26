import type { Clock, Timer } from '../base/clock.ts';
import { explain } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { AgeClock } from './age-clock.ts';
import type { OutboxCount } from './messages.ts';
import type { StoreThread } from './store-thread.ts';

const INTERVAL_MS = 60_000;
/** Between two batches of the same tidying, so that commits get in between. */
const PAUSE_MS = 50;

/** Has what is too old deleted, now and then and in small batches. */
export class Tidying {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #counted: (outbox: OutboxCount) => void;
  #timer: Timer | undefined;
  #isStopped = false;

  /** @param counted hears what waits for the broker afterwards */
  constructor(clock: Clock, log: Logger, counted: (outbox: OutboxCount) => void) {
    this.#clock = clock;
    this.#log = log;
    this.#counted = counted;
  }

  start(thread: StoreThread, age: AgeClock): void {
    this.#after(INTERVAL_MS, thread, age);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #after(delayMs: number, thread: StoreThread, age: AgeClock): void {
    this.#timer = this.#clock.after(delayMs, () => void this.#tidy(thread, age));
  }

  async #tidy(thread: StoreThread, age: AgeClock): Promise<void> {
    let more = false;
    try {
      const answer = await thread.ask({ type: 'tidy', stamp: age.now() });
      this.#counted(answer.outbox);
      more = answer.more;
    } catch (error) {
      this.#log.warn({ error: explain(error) }, 'old events could not be deleted');
    }
    if (!this.#isStopped) this.#after(more ? PAUSE_MS : INTERVAL_MS, thread, age);
  }
}
