/** An event that the broker does not have yet, as it is to be sent. */
export interface OutboxEntry {
  readonly seq: number;
  readonly cameraId: string;
  /** The event as JSON, `replayed` set as it is due. */
  readonly payload: string;
}

/** What waits for the broker. */
export interface OutboxStatus {
  /** Events that the broker has not acknowledged. */
  readonly queued: number;
  /** `atMs` of the oldest of them, ms since the epoch; null when none waits. */
  readonly oldestAtMs: number | null;
  /** Events that were given up for being too many or too old, since the store was made. */
  readonly dropped: number;
}

/** Where a publisher gets its events from. An event is handed out until it is acknowledged. Calls never throw. */
export interface OutboxSource {
  readonly status: OutboxStatus;
  /** @param ready called when `next` may have something again */
  listen(ready: () => void): void;
  /** There is a connection: what waits is handed out as replayed, what comes from now on as live. */
  connected(): void;
  /** The connection is gone: what was handed out and not acknowledged is handed out again, as replayed. */
  interrupted(): void;
  /** The next event to send; undefined when there is none now. Each is handed out once per connection. */
  next(): OutboxEntry | undefined;
  /** The broker has it, or will never take it. */
  acknowledge(seq: number): void;
}
