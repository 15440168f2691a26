import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Config } from '../../config/schema.ts';
import type { Finding } from './finding.ts';

/** Whether the address of the page is free, and if not, who has it. */
export async function portFindings({ http }: Config): Promise<Finding[]> {
  const id = 'port';
  const { host, port } = splitListen(http.listen);
  if (port === 0) return [{ id, status: 'ok', summary: 'any free port' }];
  const code = await tryListen(host, port);
  if (code === null) return [{ id, status: 'ok', summary: `${http.listen} is free` }];
  if (code === 'EACCES') {
    const remedy = 'choose a port above 1023 in http.listen';
    return [{ id, status: 'fail', summary: `this user may not listen on port ${port}`, remedy }];
  }
  if (code === 'EADDRNOTAVAIL') {
    const remedy = 'name an address of this device in http.listen; "ip addr" lists them';
    return [{ id, status: 'fail', summary: `${host} is no address of this device`, remedy }];
  }
  const owner = await listenerOf(port);
  if (owner?.command.includes('ocellus')) {
    return [
      { id, status: 'ok', summary: `${http.listen} is in use by ocellus itself (process ${owner.pid})` },
    ];
  }
  const who = owner === undefined ? 'another program' : `process ${owner.pid} (${owner.command})`;
  return [
    {
      id,
      status: 'fail',
      summary: `${http.listen} is in use by ${who}`,
      remedy: `end it, or choose another port in http.listen${owner === undefined ? `; "sudo ss -ltnp" tells who` : ''}`,
    },
  ];
}

function splitListen(listen: string): { host: string; port: number } {
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}

/** Listens for a moment. @returns the system's code; null when it may */
function tryListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

interface Listener {
  readonly pid: number;
  /** The beginning of its command line. */
  readonly command: string;
}

/** Who listens on a TCP port, as `/proc` tells it; undefined where this user may not see. */
async function listenerOf(port: number): Promise<Listener | undefined> {
  const sockets = new Set(
    (await Promise.all(['tcp', 'tcp6'].map((table) => listeningInodes(table, port)))).flat(),
  );
  if (sockets.size === 0) return undefined;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const handles = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const handle of handles) {
      if (!sockets.has(await readlink(`/proc/${pid}/fd/${handle}`).catch(() => ''))) continue;
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      // The arguments may hold secrets: the first two say what it is.
      return { pid: Number(pid), command: line.split('\0').slice(0, 2).join(' ').slice(0, 120) };
    }
  }
  return undefined;
}

/** `socket:[inode]` of what listens (state 0A) on the port. https://docs.kernel.org/networking/proc_net_tcp.html */
async function listeningInodes(table: string, port: number): Promise<string[]> {
  const rows = (await readFile(`/proc/net/${table}`, 'utf8').catch(() => '')).split('\n').slice(1);
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  return rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode] = row.trim().split(/\s+/);
    return state === '0A' && local.endsWith(`:${hexPort}`) ? [`socket:[${inode}]`] : [];
  });
}
