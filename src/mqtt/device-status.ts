import type { Clock, Timer } from '../base/clock.ts';

/** What waits for the broker is published no more often than this. */
const OUTBOX_INTERVAL_MS = 1_000;

export interface DeviceStatusParts {
  /** What became of events on their way to the broker. */
  readonly events: () => { queued: number; dropped: number; oldestAtMs: number | null };
  /** @param suffix below `ocellus/<device>/` */
  readonly publish: (suffix: 'state' | 'outbox', payload: string) => void;
  readonly clock: Clock;
}

/** The retained topics `state` and `outbox` of the device. */
export class DeviceStatus {
  readonly #parts: DeviceStatusParts;
  #state: Record<string, unknown> | undefined;
  #timer: Timer | undefined;

  constructor(parts: DeviceStatusParts) {
    this.#parts = parts;
  }

  /** Publishes both. @param state payload of `state`, to which what became of events is added as `mqtt` */
  report(state: Record<string, unknown>): void {
    this.#state = state;
    const { queued, dropped } = this.#parts.events();
    this.#parts.publish('state', JSON.stringify({ ...state, mqtt: { queued, dropped } }));
    this.#publishOutbox();
  }

  /** There is a new connection: what was reported last, as it is now. */
  repeat(): void {
    if (this.#state !== undefined) this.report(this.#state);
  }

  /**
   * Something came into the outbox or left it. Told a second later and as it is then, so that events which pass at once,
   * as they do while all is well, cost no message.
   */
  outboxChanged(): void {
    this.#timer ??= this.#parts.clock.after(OUTBOX_INTERVAL_MS, () => {
      this.#timer = undefined;
      this.#publishOutbox();
    });
  }

  close(): void {
    this.#timer?.cancel();
  }

  #publishOutbox(): void {
    const { queued, oldestAtMs, dropped } = this.#parts.events();
    this.#parts.publish('outbox', JSON.stringify({ queued, oldestAtMs, dropped }));
  }
}
