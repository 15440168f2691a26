import type { OutboxEntry, OutboxSource, OutboxStatus } from '../flow/outbox-source.ts';

/** Live events that wait in memory while the connection is slow; beyond it they are read from disk again. */
const LIVE_EVENTS = 1_000;
/** Events read from disk at once, and how few may be left before more are read. */
const PAGE_EVENTS = 500;
const LOW_EVENTS = 250;
/** While there is a backlog, one in so many sends is of it, however many live events there are. */
const FAIR_SHARE = 4;

/** An event that waits, with its JSON as it was stored. */
export interface WaitingEvent {
  readonly seq: number;
  readonly cameraId: string;
  readonly json: string;
}

export interface OutboxParts {
  /** Reads what waits, in order, `afterSeq` < seq <= `upToSeq`; rejects while the disk cannot be read. Empty: there is no more. */
  readonly read: (afterSeq: number, upToSeq: number, limit: number) => Promise<readonly WaitingEvent[]>;
  readonly acknowledged: (seq: number) => void;
  /** True for one that the broker has, although the disk does not know yet. */
  readonly isAcknowledged: (seq: number) => boolean;
  readonly status: () => OutboxStatus;
}

/**
 * Hands events to the publisher in two lanes, each in order of `seq`. The backlog is what waited when the connection came,
 * read from disk page by page and marked as replayed. The live lane is what has happened since, which goes first, but
 * for a share: so a day's backlog delays no live event, and no flood of live events holds the backlog.
 */
export class Outbox implements OutboxSource {
  readonly #parts: OutboxParts;
  #ready: () => void = () => {};
  #isConnected = false;
  #live: WaitingEvent[] = [];
  #backlog: WaitingEvent[] = [];
  /** Handed out over this connection and not acknowledged. */
  readonly #sent = new Set<number>();
  /** The backlog has been read up to here, and ends there. */
  #readSeq = 0;
  #lastSeq = 0;
  #newestSeq = 0;
  #isReading = false;
  /** Counts connections: a page that was asked for over an earlier one is thrown away. */
  #generation = 0;
  #turns = 0;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  get status(): OutboxStatus {
    return this.#parts.status();
  }

  listen(ready: () => void): void {
    this.#ready = ready;
  }

  connected(): void {
    this.#restart();
    this.#isConnected = true;
    this.#lastSeq = this.#newestSeq;
    this.#read();
  }

  interrupted(): void {
    this.#restart();
    this.#isConnected = false;
  }

  /** Events may be sent now. At the start: none, and the number of the newest that an earlier run left. */
  offer(events: readonly WaitingEvent[], newestSeq: number): void {
    this.#newestSeq = newestSeq;
    if (!this.#isConnected) return;
    this.#live.push(...events);
    if (this.#live.length > LIVE_EVENTS) {
      // The broker is slower than the events: these wait on disk as well, and join the backlog.
      this.#live = [];
      this.#lastSeq = newestSeq;
    }
    this.#read();
    this.#ready();
  }

  next(): OutboxEntry | undefined {
    this.#turns += 1;
    const backlogsTurn = this.#live.length === 0 || this.#turns % FAIR_SHARE === 0;
    const replayed = backlogsTurn && this.#backlog.length > 0;
    const event = replayed ? this.#backlog.shift() : this.#live.shift();
    if (replayed) this.#read();
    if (event === undefined) return undefined;
    this.#sent.add(event.seq);
    const { seq, cameraId, json } = event;
    return { seq, cameraId, payload: replayed ? markReplayed(json) : json };
  }

  acknowledge(seq: number): void {
    this.#sent.delete(seq);
    this.#parts.acknowledged(seq);
  }

  #restart(): void {
    this.#generation += 1;
    this.#live = [];
    this.#backlog = [];
    this.#sent.clear();
    this.#readSeq = 0;
    this.#isReading = false;
  }

  #read(): void {
    const isEnough = this.#backlog.length > LOW_EVENTS || this.#readSeq >= this.#lastSeq;
    if (this.#isReading || isEnough || !this.#isConnected) return;
    this.#isReading = true;
    const generation = this.#generation;
    const upToSeq = this.#lastSeq;
    const settle = (page: readonly WaitingEvent[] | undefined) => {
      if (generation !== this.#generation) return;
      this.#isReading = false;
      // Not readable now: tried again with the next event.
      if (page === undefined) return;
      this.#readSeq = page.at(-1)?.seq ?? upToSeq;
      this.#backlog.push(
        ...page.filter(({ seq }) => !this.#sent.has(seq) && !this.#parts.isAcknowledged(seq)),
      );
      this.#read();
      this.#ready();
    };
    this.#parts.read(this.#readSeq, upToSeq, PAGE_EVENTS).then(settle, () => settle(undefined));
  }
}

const LIVE_MARK = '"replayed":false}';

/** The same event, replayed. The mark is the last member of every event as it is stored. */
function markReplayed(json: string): string {
  if (!json.endsWith(LIVE_MARK)) throw new Error('a stored event does not end with its mark');
  return `${json.slice(0, -LIVE_MARK.length)}"replayed":true}`;
}
