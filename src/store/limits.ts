import type { StorageConfig } from '../config/schema.ts';
import type { StoreLimits } from './messages.ts';

const DAY_MS = 86_400_000;

/** The bounds that a configuration asks for. @param hasBroker false: no event waits for one */
export function storeLimits(
  { outbox, retention }: StorageConfig,
  hasBroker: boolean,
  maxPages?: number,
): StoreLimits {
  return {
    outbox: hasBroker,
    outboxEvents: outbox.maxEvents,
    outboxAgeMs: outbox.maxDays * DAY_MS,
    historyAgeMs: retention.eventsDays * DAY_MS,
    maxPages: maxPages ?? null,
  };
}
