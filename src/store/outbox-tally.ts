import type { Logger } from '../base/log.ts';
import type { OutboxStatus } from '../flow/outbox-source.ts';
import type { OutboxCount } from './messages.ts';

/** What the database said last of the events that wait for the broker. */
export class OutboxTally {
  readonly #log: Logger;
  #count: OutboxCount = { waiting: 0, oldestAtMs: null, dropped: 0 };

  constructor(log: Logger) {
    this.#log = log;
  }

  opened(count: OutboxCount): void {
    this.#count = count;
  }

  /** Takes a newer count, and says what was dropped since the last. */
  counted(count: OutboxCount): void {
    const events = count.dropped - this.#count.dropped;
    this.#count = count;
    if (events <= 0) return;
    this.#log.warn(
      { events },
      'the oldest events that wait for the broker were dropped: too many or too old',
    );
  }

  /**
   * @param inMemory events that wait and are in no database
   * @param acked events of the database that wait no more, and of which it does not know yet
   * @param oldestInMemoryMs time of the oldest of those in memory
   */
  status(inMemory: number, acked: number, oldestInMemoryMs: number | undefined): OutboxStatus {
    const { waiting, oldestAtMs, dropped } = this.#count;
    const queued = Math.max(0, waiting + inMemory - acked);
    return { queued, oldestAtMs: queued === 0 ? null : (oldestAtMs ?? oldestInMemoryMs ?? null), dropped };
  }
}
