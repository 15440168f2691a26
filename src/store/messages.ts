import type { ErrorCode } from '../base/errors.ts';
import type { EventQuery } from '../flow/event-query.ts';

/** Bounds of what is kept. Ages are the store's own time, ms. */
export interface StoreLimits {
  /** False without a broker: then no event waits for one. */
  readonly outbox: boolean;
  readonly outboxEvents: number;
  readonly outboxAgeMs: number;
  readonly historyAgeMs: number;
  /** Largest size of the database in pages, as if the disk were full beyond it; null: only the disk limits it. */
  readonly maxPages: number | null;
}

/** What an event changes in the tables of what is there now. */
export type LiveChange =
  | { readonly kind: 'object'; readonly objectId: string; readonly ended: boolean }
  | { readonly kind: 'occupancy'; readonly zone: string; readonly rule: string; readonly cleared: boolean };

/** An event as it is stored. */
export interface EventRow {
  readonly seq: number;
  readonly eventId: string;
  readonly atMs: number;
  readonly cameraId: string;
  readonly type: string;
  readonly json: string;
  readonly change: LiveChange | null;
}

export interface StoredRow {
  readonly seq: number;
  readonly cameraId: string;
  readonly atMs: number;
  readonly json: string;
}

/** A value that was set while running, and what the configuration said then; both as JSON. */
export interface SettingRow {
  readonly key: string;
  readonly value: string;
  readonly configured: string;
}

/** Where the store's own time stands. */
export interface AgeStamp {
  readonly ageMs: number;
  readonly wallMs: number;
}

export interface OutboxCount {
  readonly waiting: number;
  readonly oldestAtMs: number | null;
  readonly dropped: number;
}

/** What the main thread says to the store's thread. One answer follows each, in order. */
export type ToStore =
  | { readonly type: 'open'; readonly folder: string; readonly limits: StoreLimits; readonly wallMs: number }
  /** Other limits from now on, but for `maxPages`. */
  | { readonly type: 'limit'; readonly limits: StoreLimits }
  /** `acked` may hold events of `rows`. */
  | {
      readonly type: 'commit';
      readonly rows: readonly EventRow[];
      readonly acked: readonly number[];
      readonly stamp: AgeStamp;
    }
  | { readonly type: 'page'; readonly afterSeq: number; readonly upToSeq: number; readonly limit: number }
  | { readonly type: 'live' }
  /** Where the events of a time are, by number. */
  | { readonly type: 'bounds'; readonly fromMs?: number | undefined; readonly toMs?: number | undefined }
  | {
      readonly type: 'search';
      readonly query: EventQuery;
      readonly fromSeq: number;
      readonly toSeq: number;
    }
  | { readonly type: 'after'; readonly seq: number; readonly limit: number }
  | { readonly type: 'by_id'; readonly eventId: string }
  | { readonly type: 'save_setting'; readonly setting: SettingRow }
  | { readonly type: 'forget_setting'; readonly key: string }
  /** Events up to `seq` were told although they could not be stored. */
  | { readonly type: 'note'; readonly seq: number }
  | { readonly type: 'tidy'; readonly stamp: AgeStamp }
  | { readonly type: 'close' };

/** What the store's thread answers. */
export type FromStore =
  | {
      readonly type: 'opened';
      /** The last number given to an event. */
      readonly seq: number;
      readonly eventId: string | null;
      readonly stamp: AgeStamp;
      readonly outbox: OutboxCount;
      readonly settings: readonly SettingRow[];
      /** Why nothing can be stored now, and nothing but `seq` is known; null when the store is open. */
      readonly unwritable: string | null;
      /** What a person should know about the state that it was found in. */
      readonly warnings: readonly string[];
    }
  | { readonly type: 'committed'; readonly outbox: OutboxCount }
  | { readonly type: 'limited'; readonly outbox: OutboxCount }
  | { readonly type: 'page'; readonly rows: readonly StoredRow[] }
  | { readonly type: 'live'; readonly objects: readonly string[]; readonly occupancies: readonly string[] }
  | { readonly type: 'bounds'; readonly fromSeq: number; readonly toSeq: number }
  | { readonly type: 'found'; readonly rows: readonly { readonly seq: number; readonly json: string }[] }
  | { readonly type: 'events'; readonly json: readonly string[] }
  | { readonly type: 'tidied'; readonly outbox: OutboxCount; readonly more: boolean }
  | { readonly type: 'done' }
  | {
      readonly type: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | null;
    };
