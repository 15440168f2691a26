import { signal } from '@preact/signals';
import type { DomainEvent } from '../../../flow/domain-event.ts';
import { describeError, requestJson } from '../server/request.ts';
import { onEvent, onReconnect } from './connection.ts';
import { type EventFilter, matches, queryOf } from './event-filter.ts';

interface EventPage {
  readonly events: readonly DomainEvent[];
  readonly nextCursor: string | null;
}

export interface TimelineState {
  /** Newest first. */
  readonly events: readonly DomainEvent[];
  readonly loading: boolean;
  readonly problem: string | undefined;
  /** There are older ones. */
  readonly more: boolean;
}

const PAGE_EVENTS = 60;
/** A page that stays open for days does not grow for ever; older events are a click away. */
const MAX_LIVE_EVENTS = 600;

/** Events that match a filter: those from the store, page by page, and new ones as they happen. */
export class Timeline {
  readonly state = signal<TimelineState>({ events: [], loading: true, problem: undefined, more: false });
  readonly #filter: EventFilter;
  #cursor: string | null = null;

  constructor(filter: EventFilter) {
    this.#filter = filter;
  }

  /** Loads the newest and follows the live ones until `abort` aborts. */
  start(abort: AbortSignal): void {
    const stops = [onEvent((event) => this.#live(event)), onReconnect(() => void this.#load(abort))];
    abort.addEventListener('abort', () => {
      for (const stop of stops) stop();
    });
    void this.#load(abort);
  }

  /** Loads the next older page. */
  async loadMore(): Promise<void> {
    if (this.#cursor === null || this.state.peek().loading) return;
    this.#set({ loading: true });
    try {
      const page = await this.#page(this.#cursor);
      this.#cursor = page.nextCursor;
      this.#set({ events: merged(this.state.peek().events, page.events), problem: undefined });
    } catch (error) {
      this.#set({ problem: describeError(error) });
    }
    this.#set({ loading: false, more: this.#cursor !== null });
  }

  async #load(abort: AbortSignal): Promise<void> {
    this.#set({ loading: true });
    try {
      const page = await this.#page(undefined);
      if (abort.aborted) return;
      // What came live while this was on its way is newer.
      const events = merged(this.state.peek().events, page.events);
      if (this.#cursor === null) this.#cursor = page.nextCursor;
      this.#set({ events, problem: undefined, more: this.#cursor !== null });
    } catch (error) {
      this.#set({ problem: describeError(error) });
    }
    this.#set({ loading: false });
  }

  #page(cursor: string | undefined): Promise<EventPage> {
    const query = queryOf(this.#filter);
    query.set('limit', String(PAGE_EVENTS));
    if (cursor !== undefined) query.set('cursor', cursor);
    return requestJson<EventPage>(`/api/events?${query}`);
  }

  #live(event: DomainEvent): void {
    if (!matches(event, this.#filter)) return;
    this.#set({ events: merged([event], this.state.peek().events).slice(0, MAX_LIVE_EVENTS) });
  }

  #set(change: Partial<TimelineState>): void {
    this.state.value = { ...this.state.peek(), ...change };
  }
}

/** Both lists as one, newest first and each event once. */
export function merged(a: readonly DomainEvent[], b: readonly DomainEvent[]): DomainEvent[] {
  const byId = new Map([...a, ...b].map((event) => [event.eventId, event]));
  return [...byId.values()].sort((x, y) => y.seq - x.seq);
}
