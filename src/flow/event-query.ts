import type { DomainEvent, DomainEventType } from './domain-event.ts';

/** What is asked of past events. Every bound is inclusive; what is absent does not matter. */
export interface EventQuery {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Absent: every camera. */
  readonly cameraIds?: readonly string[] | undefined;
  readonly types?: readonly DomainEventType[] | undefined;
  readonly label?: string | undefined;
  /** An event of the zone, or of an object that was in it. */
  readonly zone?: string | undefined;
  readonly line?: string | undefined;
  readonly objectId?: string | undefined;
  readonly severity?: string | undefined;
  readonly attribute?: { readonly name: string; readonly value: string } | undefined;
  /** Words that must all occur in the event's camera, type, label, zone, line, cause or attributes; case does not matter. */
  readonly text?: string | undefined;
  /** Only events with a smaller `seq`. */
  readonly beforeSeq?: number | undefined;
  /** Most events that are wanted. */
  readonly limit: number;
}

export interface FoundEvents {
  /** Newest first. */
  readonly events: readonly DomainEvent[];
  /** `beforeSeq` of what comes next; null when that was all. */
  readonly nextBeforeSeq: number | null;
}

/** The events of this device, past and present. */
export interface EventHistory {
  /** Looks for so long and no longer: there may be more even where fewer than `limit` were found. */
  search(query: EventQuery): Promise<FoundEvents>;
  byId(eventId: string): Promise<DomainEvent | undefined>;
  /** Oldest first, with a greater `seq` than this. */
  after(seq: number, limit: number): Promise<readonly DomainEvent[]>;
  /** Hears every event once it is on disk, in order. @returns stops it */
  subscribe(listener: (event: DomainEvent) => void): () => void;
  /** `seq` of the newest event that subscribers have heard, or that an earlier run told. */
  readonly lastSeq: number;
}
