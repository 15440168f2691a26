import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock, Timer } from '../../base/clock.ts';
import { HttpProblem } from './problem.ts';

/** Comments that keep proxies from ending a quiet stream, and tell this side that the other is gone. */
const HEARTBEAT_MS = 15_000;
/** A reader that is so far behind is let go: it comes back, and says what it had last. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** Streams of all visitors together. */
const MAX_STREAMS = 64;
/** What a browser waits before it comes back. */
const RETRY_MS = 2_000;

export interface EventMessage {
  /** Comes back as `Last-Event-ID`. */
  readonly id?: string;
  readonly data: unknown;
}

/** One reader of server-sent events (WHATWG HTML, 9.2). It ends when the reader goes, lags, or is logged out. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  #heartbeat: Timer | undefined;

  constructor(response: ServerResponse, clock: Clock) {
    this.#response = response;
    this.#clock = clock;
  }

  /** Aborts when the stream is over, for whatever reason. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Sends the head of the reply. @param headers of the reply so far */
  begin(
    headers: Readonly<Record<string, string | number | string[] | undefined>>,
    loggedOut: AbortSignal | null,
  ): void {
    const response = this.#response;
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) response.setHeader(name, value);
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    response.once('close', () => this.end());
    // Writing to a reader that has just gone is no fault of ours.
    response.on('error', () => this.end());
    loggedOut?.addEventListener('abort', () => this.end(), { once: true, signal: this.ended });
    this.#beat();
  }

  /** Does nothing once the stream is over. */
  send({ id, data }: EventMessage): void {
    if (this.ended.aborted) return;
    // JSON has no line breaks of its own.
    this.#response.write(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
    if (this.#response.writableLength > MAX_UNREAD_BYTES) this.end();
  }

  /** Resolves when the reader has taken what was sent, or is gone. */
  async drained(): Promise<void> {
    while (this.#response.writableNeedDrain && !this.ended.aborted) {
      await new Promise<void>((resolve) => {
        this.#response.once('drain', resolve);
        this.ended.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  end(): void {
    if (this.ended.aborted) return;
    this.#heartbeat?.cancel();
    this.#ended.abort();
    // One that lags would not take the end either.
    if (this.#response.writableLength > MAX_UNREAD_BYTES) this.#response.destroy();
    else this.#response.end();
  }

  #beat(): void {
    this.#heartbeat = this.#clock.after(HEARTBEAT_MS, () => {
      this.#response.write(': alive\n\n');
      this.#beat();
    });
  }
}

/** The streams that are open, of one kind, and how many more may be. */
export class EventStreams {
  readonly #clock: Clock;
  readonly #open = new Set<EventStream>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Takes the reply over. @throws HttpProblem 503 when there are too many */
  open(request: FastifyRequest, reply: FastifyReply): EventStream {
    if (this.#open.size >= MAX_STREAMS) {
      throw new HttpProblem(503, `${MAX_STREAMS} streams are open, which is the most`, {
        hint: 'close pages that nobody looks at',
        headers: { 'retry-after': '10' },
      });
    }
    reply.hijack();
    const stream = new EventStream(reply.raw, this.#clock);
    this.#open.add(stream);
    stream.ended.addEventListener('abort', () => this.#open.delete(stream), { once: true });
    stream.begin(reply.getHeaders(), request.loggedOut);
    return stream;
  }
}
