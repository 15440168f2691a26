import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { OcellusError } from '../base/errors.ts';
import type { PreviewDaemonOrder } from './preview-daemon-process.ts';

/**
 * Runs a daemon in a process of its own for as long as `work` takes.
 * @param work is told where its page is served
 * @throws OcellusError `internal` when the daemon ends before it serves
 */
export async function withPreviewDaemon<T>(
  order: PreviewDaemonOrder,
  work: (daemon: ChildProcess, url: string) => Promise<T>,
): Promise<T> {
  const daemon = fork(fileURLToPath(new URL('./preview-daemon-process.js', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(daemon, 'exit');
  try {
    const served = once(daemon, 'message').then(([url]) => String(url));
    const ended = exited.then(([status]) => {
      throw new OcellusError('internal', `the daemon to be measured ended with status ${status}`);
    });
    daemon.send(order);
    return await work(daemon, await Promise.race([served, ended]));
  } finally {
    if (daemon.connected) daemon.disconnect();
    await exited;
  }
}
