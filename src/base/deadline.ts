import type { Clock } from './clock.ts';
import { OcellusError } from './errors.ts';

/**
 * Settles as `promise` does, or rejects with `deadline_exceeded` after `deadlineMs`.
 * The work itself is not cancelled: whoever owns it must see to that.
 */
export function withDeadline<T>(
  promise: Promise<T>,
  deadlineMs: number,
  what: string,
  clock: Clock,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.after(deadlineMs, () => {
      reject(new OcellusError('deadline_exceeded', `${what} took longer than ${deadlineMs} ms`));
    });
    promise.finally(() => timer.cancel()).then(resolve, reject);
  });
}
