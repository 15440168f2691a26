import type { Clock } from '../base/clock.ts';
import type { DomainEvent, EventDraft } from '../flow/domain-event.ts';
import type { UuidV7 } from './uuid-v7.ts';

/** Makes events of drafts: gives each an id and stamps the time. One per device. */
export class EventSealer {
  readonly #deviceId: string;
  readonly #clock: Clock;
  readonly #uuids: UuidV7;

  constructor(deviceId: string, clock: Clock, uuids: UuidV7) {
    this.#deviceId = deviceId;
    this.#clock = clock;
    this.#uuids = uuids;
  }

  /**
   * The event of a draft. `timings.emittedAtMs` is now: events are sealed when they are handed to the disk, one commit
   * before the broker gets them.
   * @param seq its number, which whoever stores it gives
   */
  seal(draft: EventDraft, seq: number): DomainEvent {
    const emittedAtMs = Math.round(this.#clock.wallMs());
    return {
      ...draft,
      v: 1,
      seq,
      eventId: this.#uuids.next(emittedAtMs),
      deviceId: this.#deviceId,
      timings: { ...draft.timings, emittedAtMs },
      // The last member: the store marks a replayed event by it.
      replayed: false,
    };
  }
}
