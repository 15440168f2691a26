import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { messageOf, OcellusError } from '../base/errors.ts';

/**
 * Keeps a second process of this device from fetching the same file while `use` runs. The lock is a socket in Linux'
 * abstract namespace: it goes with the process, however that ends, and leaves nothing on the disk.
 *
 * @throws OcellusError `io_failed` when another process holds it, and whatever `use` throws
 */
export async function withPullLock<T>(file: string, use: () => Promise<T>): Promise<T> {
  const name = createHash('sha256').update(resolve(file)).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  server.unref();
  try {
    const listening = once(server, 'listening');
    server.listen(`\0ocellus-pull-${name}`);
    await listening;
  } catch (cause) {
    throw new OcellusError('io_failed', `another process is fetching ${file}: ${messageOf(cause)}`, {
      hint: 'wait until it has ended',
      cause,
    });
  }
  try {
    return await use();
  } finally {
    server.close();
  }
}
