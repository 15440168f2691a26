import type { Clock } from '../base/clock.ts';
import type { DomainEvent } from '../flow/domain-event.ts';
import type { EventHistory, EventQuery, FoundEvents } from '../flow/event-query.ts';
import type { EventRow } from './messages.ts';
import type { StoreThread } from './store-thread.ts';

/** Numbers that are looked at between two commits: a few milliseconds of the disk's time. */
const WINDOW = 4_000;
/** A search that has found too little by then says where it got to. */
const BUDGET_MS = 1_500;

/** Whether the store's thread answers, commits included, for who watches over the program. */
export interface StoreProgress {
  /** Questions that wait for an answer. */
  readonly owed: number;
  /** Questions answered since the start. */
  readonly answered: number;
  /** The thread has died. */
  readonly isLost: boolean;
}

export interface StoredEventsParts {
  /** @throws Error while the store is not started */
  readonly thread: () => StoreThread;
  /** Events that have a number and are not on disk, oldest first. */
  readonly unsaved: () => readonly EventRow[];
  readonly clock: Clock;
}

/** The events on disk, for whoever looks back, and the new ones, for whoever watches. */
export class StoredEvents implements EventHistory {
  readonly #parts: StoredEventsParts;
  readonly #listeners = new Set<(event: DomainEvent) => void>();
  #lastSeq = 0;
  #isOpen = false;

  constructor(parts: StoredEventsParts) {
    this.#parts = parts;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** The store can be read and written. */
  get isOpen(): boolean {
    return this.#isOpen && !this.isLost;
  }

  /** The store's thread has died: only a restart helps. */
  get isLost(): boolean {
    return this.#isOpen && this.#parts.thread().isLost;
  }

  /** Of a store that is started. */
  get progress(): StoreProgress {
    const { owed, answered, isLost } = this.#parts.thread();
    return { owed, answered, isLost };
  }

  /** Called by the store once it is open. @param seq of the last event of an earlier run */
  opened(seq: number): void {
    this.#lastSeq = seq;
    this.#isOpen = true;
  }

  /** Called by the store with every event that has been stored. */
  told(event: DomainEvent): void {
    this.#lastSeq = event.seq;
    for (const listener of this.#listeners) listener(event);
  }

  subscribe(listener: (event: DomainEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws OcellusError `store_failed` */
  async search(query: EventQuery): Promise<FoundEvents> {
    const { thread, clock } = this.#parts;
    const { fromMs, toMs, beforeSeq = Number.MAX_SAFE_INTEGER } = query;
    const startMs = clock.monoMs();
    const bounds = await thread().ask({ type: 'bounds', fromMs, toMs });
    const events: DomainEvent[] = [];
    let toSeq = Math.min(bounds.toSeq, beforeSeq - 1);
    while (toSeq >= bounds.fromSeq && clock.monoMs() - startMs < BUDGET_MS) {
      const fromSeq = Math.max(bounds.fromSeq, toSeq - WINDOW + 1);
      const limit = query.limit - events.length;
      const { rows } = await thread().ask({ type: 'search', query: { ...query, limit }, fromSeq, toSeq });
      events.push(...rows.map(({ json }) => asEvent(json)));
      const last = rows.at(-1);
      toSeq = rows.length === limit && last !== undefined ? last.seq - 1 : fromSeq - 1;
      if (events.length === query.limit) break;
    }
    return { events, nextBeforeSeq: toSeq >= bounds.fromSeq ? toSeq + 1 : null };
  }

  async byId(eventId: string): Promise<DomainEvent | undefined> {
    const { json } = await this.#parts.thread().ask({ type: 'by_id', eventId });
    const row = json[0] ?? this.#parts.unsaved().find((unsaved) => unsaved.eventId === eventId)?.json;
    return row === undefined ? undefined : asEvent(row);
  }

  async after(seq: number, limit: number): Promise<readonly DomainEvent[]> {
    const { json } = await this.#parts.thread().ask({ type: 'after', seq, limit });
    const events = json.map(asEvent);
    if (events.length === limit) return events;
    // What the disk did not take comes after all that it has, and was told all the same.
    const last = events.at(-1)?.seq ?? seq;
    const inMemory = this.#parts.unsaved().filter((row) => row.seq > last && row.seq <= this.#lastSeq);
    return [...events, ...inMemory.slice(0, limit - events.length).map((row) => asEvent(row.json))];
  }
}

/** @param json as this program stored it */
function asEvent(json: string): DomainEvent {
  return JSON.parse(json) as DomainEvent;
}
