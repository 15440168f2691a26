import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { BrokerLink } from './broker-link.ts';

/** What an earlier run left retained arrives right after subscribing; after so long nobody listens for it any more. */
const LEFTOVERS_MS = 5_000;

/**
 * Subscribes for the life of a connection, and for a while to what an earlier run left retained. Never rejects.
 *
 * @param filters for the life of the connection
 * @param leftovers for a few seconds
 * @param refused what it means when the broker refuses, for the log
 */
export async function listen(
  link: BrokerLink,
  filters: readonly string[],
  leftovers: readonly string[],
  refused: string,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<void> {
  try {
    if (filters.length > 0) await link.subscribe(filters);
    await link.subscribe(leftovers);
    clock.after(LEFTOVERS_MS, () => {
      link.unsubscribe(leftovers).catch((error: unknown) => {
        if (link.isOpen) log.warn({ error: messageOf(error) }, 'could not unsubscribe');
      });
    });
  } catch (error) {
    if (link.isOpen) log.warn({ error: messageOf(error) }, refused);
  }
}
