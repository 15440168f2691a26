/** One message of a stream of server-sent events. */
export interface StreamMessage {
  readonly event: string;
  readonly data: string;
  readonly lastEventId: string;
}

/** Takes apart a stream of server-sent events as the HTML standard says (9.2.6), without a browser's EventSource. */
export class EventStreamParser {
  #rest = '';
  #data: string[] = [];
  #event = '';
  #lastEventId = '';
  #retryMs: number | undefined;

  /** Wait before a new connection that the server asked for, ms. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** @returns the messages that `text` completes */
  push(text: string): StreamMessage[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): StreamMessage[] {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return [];
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#lastEventId = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.#retryMs = Number(value);
    return [];
  }

  #dispatch(): StreamMessage[] {
    const message = {
      event: this.#event || 'message',
      data: this.#data.join('\n'),
      lastEventId: this.#lastEventId,
    };
    const empty = this.#data.length === 0;
    this.#data = [];
    this.#event = '';
    return empty ? [] : [message];
  }
}
