import type { Logger } from '../base/log.ts';

/** Whether the disk takes events now. Said when that changes, not with every attempt. */
export class DiskFault {
  readonly #log: Logger;
  #reason: string | null = null;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Why events cannot be stored now; null when they can. */
  get reason(): string | null {
    return this.#reason;
  }

  found(reason: string): void {
    if (this.#reason === null) {
      this.#log.error(
        { error: reason },
        'events cannot be stored: they are published live and kept in memory',
      );
    }
    this.#reason = reason;
  }

  mended(): void {
    if (this.#reason !== null) this.#log.info({}, 'events are stored again');
    this.#reason = null;
  }
}
