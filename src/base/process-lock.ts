import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Held by this process until it is released or the process ends, however it ends. */
export interface ProcessLock {
  /** Idempotent. */
  release(): void;
}

/**
 * Takes a lock among the processes of this machine. It is a socket in Linux' abstract namespace (unix(7)): it goes with the
 * process and leaves nothing on the disk. Containers with network namespaces of their own do not see each other's.
 *
 * @param what kind of work, part of the lock's name
 * @param subject what is worked on, of any length
 * @throws Error of the system when somebody holds it: `code` is `EADDRINUSE` then
 */
export async function takeProcessLock(what: string, subject: string): Promise<ProcessLock> {
  const name = createHash('sha256').update(subject).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  server.unref();
  const listening = once(server, 'listening');
  server.listen(`\0ocellus-${what}-${name}`);
  await listening;
  return { release: () => void server.close() };
}

/** As `takeProcessLock`; undefined when somebody holds it. */
export async function tryProcessLock(what: string, subject: string): Promise<ProcessLock | undefined> {
  try {
    return await takeProcessLock(what, subject);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
