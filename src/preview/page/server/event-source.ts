import { Backoff } from '../../../base/retry.ts';
import { EventStreamParser, type StreamMessage } from './event-stream-parser.ts';

export interface EventSourceParts {
  readonly url: string;
  readonly onMessage: (message: StreamMessage) => void;
  /** True once the server has answered, false when the connection is lost. */
  readonly onConnected?: (connected: boolean) => void;
  /** As `fetch`, or the page's own around it. Rejects for what is no 2xx. */
  readonly open: (url: string, headers: Record<string, string>, signal: AbortSignal) => Promise<Response>;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Where to go on from, if known. */
  readonly lastEventId?: string;
}

const BACKOFF = { initialMs: 500, maxMs: 5_000, factor: 2 };

/**
 * Follows a stream of server-sent events until `signal` aborts, and comes back by itself. Unlike a browser's EventSource it
 * says where it left off after any failure, an answer of 503 from a device that is just starting included.
 */
export async function followEvents(parts: EventSourceParts, signal: AbortSignal): Promise<void> {
  const { url, onMessage, onConnected, open, sleep, random } = parts;
  const backoff = new Backoff(BACKOFF, random);
  let lastEventId = parts.lastEventId ?? '';
  while (!signal.aborted) {
    const parser = new EventStreamParser();
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (lastEventId !== '') headers['last-event-id'] = lastEventId;
      const response = await open(url, headers, signal);
      onConnected?.(true);
      for await (const text of textOf(response, signal)) {
        for (const message of parser.push(text)) {
          backoff.reset();
          if (message.lastEventId !== '') lastEventId = message.lastEventId;
          onMessage(message);
        }
      }
    } catch {
      // Whatever it was, the connection is gone: the next one says whether it is mended.
    }
    if (signal.aborted) return;
    onConnected?.(false);
    await sleep(Math.max(parser.retryMs ?? 0, backoff.nextMs()), signal).catch(() => {});
  }
}

async function* textOf(response: Response, signal: AbortSignal): AsyncGenerator<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const decoder = new TextDecoder();
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      yield decoder.decode(read.value, { stream: true });
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}
