import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';

/** A request line and its headers come within this time, or the connection ends: slow senders hold nothing up. */
const HEADERS_TIMEOUT_MS = 10_000;
/** The whole request, body included. Bodies are small. */
const REQUEST_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_TIMEOUT_MS = 10_000;
/** A connection on which nothing moves either way. Streams have heartbeats. */
const IDLE_TIMEOUT_MS = 60_000;
const CHECKING_INTERVAL_MS = 2_000;
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_HEADERS = 64;
const MAX_REQUESTS_PER_SOCKET = 1_000;
/** A page takes about ten connections; beyond this a flood would take the memory that cameras need. */
export const MAX_CONNECTIONS = 256;
/** Of one address: one visitor cannot take all. */
export const MAX_CONNECTIONS_PER_ADDRESS = 128;

export interface TlsIdentity {
  /** PEM. */
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** Timeouts, to be shorter in tests. */
export interface ListenerTimeouts {
  readonly headersMs?: number;
  readonly requestMs?: number;
  readonly checkMs?: number;
}

/** A bounded HTTP/1.1 server, with TLS 1.2 or newer where there is an identity. It does not listen yet. */
export function createListener(
  handler: RequestListener,
  tls: TlsIdentity | undefined,
  timeouts: ListenerTimeouts = {},
): Server {
  const options = {
    headersTimeout: timeouts.headersMs ?? HEADERS_TIMEOUT_MS,
    requestTimeout: timeouts.requestMs ?? REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: timeouts.checkMs ?? CHECKING_INTERVAL_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // What parsers of proxies and of Node could read in two ways is refused.
    insecureHTTPParser: false,
    requireHostHeader: true,
    // A visitor whose network went away is found out.
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  };
  const server =
    tls === undefined
      ? createServer(options, handler)
      : // A TLS server is an HTTP server in all that is used of it; Node's types do not say so.
        (createTlsServer({ ...options, ...tls, minVersion: 'TLSv1.2' }, handler) as unknown as Server);
  server.maxHeadersCount = MAX_HEADERS;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
  server.timeout = IDLE_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  limitPerAddress(server);
  return server;
}

function limitPerAddress(server: Server): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
    if (count > MAX_CONNECTIONS_PER_ADDRESS) socket.destroy();
  });
}
