import type { StorageConfig } from '../config/schema.ts';
import type { StoreLimits } from './messages.ts';

const DAY_MS = 86_400_000;

/** What the configuration allows the store to keep. */
export function limitsOf(parts: {
  readonly config: StorageConfig;
  readonly outbox: boolean;
  readonly maxPages?: number;
}): StoreLimits {
  const { config, outbox, maxPages } = parts;
  return {
    outbox,
    outboxEvents: config.outbox.maxEvents,
    outboxAgeMs: config.outbox.maxDays * DAY_MS,
    historyAgeMs: config.retention.eventsDays * DAY_MS,
    maxPages: maxPages ?? null,
  };
}
