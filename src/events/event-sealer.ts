import type { Clock } from '../base/clock.ts';
import type { DomainEvent, EventDraft } from '../flow/domain-event.ts';
import type { UuidV7 } from './uuid-v7.ts';

/** Makes events of drafts: gives each the device's next number and an id, and stamps the time. One per device. */
export class EventSealer {
  readonly #deviceId: string;
  readonly #clock: Clock;
  readonly #uuids: UuidV7;
  #seq = 0;

  constructor(deviceId: string, clock: Clock, uuids: UuidV7) {
    this.#deviceId = deviceId;
    this.#clock = clock;
    this.#uuids = uuids;
  }

  /** The event of a draft. Every draft must be sealed once and published: `seq` has no gaps. */
  seal(draft: EventDraft): DomainEvent {
    const emittedAtMs = Math.round(this.#clock.wallMs());
    this.#seq += 1;
    return {
      ...draft,
      v: 1,
      seq: this.#seq,
      eventId: this.#uuids.next(emittedAtMs),
      deviceId: this.#deviceId,
      timings: { ...draft.timings, emittedAtMs },
      replayed: false,
    };
  }
}
