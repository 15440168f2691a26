import { resolve } from 'node:path';
import { messageOf, OcellusError } from '../base/errors.ts';
import { type ProcessLock, takeProcessLock } from '../base/process-lock.ts';

/**
 * Keeps a second process of this device from fetching the same file while `use` runs.
 *
 * @throws OcellusError `io_failed` when another process holds it, and whatever `use` throws
 */
export async function withPullLock<T>(file: string, use: () => Promise<T>): Promise<T> {
  let lock: ProcessLock;
  try {
    lock = await takeProcessLock('pull', resolve(file));
  } catch (cause) {
    throw new OcellusError('io_failed', `another process is fetching ${file}: ${messageOf(cause)}`, {
      hint: 'wait until it has ended',
      cause,
    });
  }
  try {
    return await use();
  } finally {
    lock.release();
  }
}
