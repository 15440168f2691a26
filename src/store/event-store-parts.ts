import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { StorageConfig } from '../config/schema.ts';
import type { DomainEvent, EventDraft } from '../flow/domain-event.ts';

export interface EventStoreParts {
  readonly config: StorageConfig;
  /** False without a broker: then no event waits for one. */
  readonly outbox: boolean;
  /** Makes the event of a draft. @param seq its number */
  readonly seal: (draft: EventDraft, seq: number) => DomainEvent;
  /** Hears every event once it is on disk, in order; with the disk out of order, once it is in memory. */
  readonly onEvent: (event: DomainEvent) => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** Largest size of the database in pages, as if the disk were full beyond it. */
  readonly maxPages?: number;
}

export interface StoreStatus {
  readonly ok: boolean;
  /** Why events cannot be stored now; null when they can. */
  readonly error: string | null;
  /** Events in memory that the disk did not take. */
  readonly unsaved: number;
  /** Events that the disk never got: too many came while it was out of order. */
  readonly lost: number;
}
