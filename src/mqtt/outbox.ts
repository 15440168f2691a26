import type { DomainEvent } from '../flow/domain-event.ts';

interface Entry {
  readonly event: DomainEvent;
  /** The broker was away when the event happened, or went away before it had the event. */
  late: boolean;
  phase: 'waiting' | 'sent' | 'acknowledged';
}

/**
 * Events on their way to the broker, oldest first. An event leaves when the broker has acknowledged it; when the
 * connection breaks, what was not acknowledged is sent again in its place. Bounded: when full, the oldest event that is
 * not being sent makes way, and is counted.
 */
export class Outbox {
  readonly #capacity: number;
  readonly #window: number;
  #entries: Entry[] = [];
  #dropped = 0;

  /**
   * @param capacity most events held
   * @param window most events sent and not yet acknowledged
   */
  constructor(capacity: number, window: number) {
    this.#capacity = capacity;
    this.#window = window;
  }

  /** Events that the broker does not have yet. */
  get queued(): number {
    return this.#entries.reduce((sum, entry) => sum + (entry.phase === 'acknowledged' ? 0 : 1), 0);
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Events lost to overflow so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @param late the broker is away now */
  put(event: DomainEvent, late: boolean): void {
    if (this.#entries.length >= this.#capacity) {
      const oldest = this.#entries.findIndex((entry) => entry.phase === 'waiting');
      if (oldest >= 0) {
        this.#entries.splice(oldest, 1);
        this.#dropped += 1;
      }
    }
    this.#entries.push({ event, late, phase: 'waiting' });
  }

  /**
   * The next event to send, in order; undefined when there is none or the window is full. Its `acknowledge` is called once
   * the broker has it.
   */
  next(): { event: DomainEvent; acknowledge: () => void } | undefined {
    for (let i = 0; i < Math.min(this.#entries.length, this.#window); i++) {
      const entry = this.#entries[i]!;
      if (entry.phase !== 'waiting') continue;
      entry.phase = 'sent';
      const event = entry.late ? { ...entry.event, replayed: true } : entry.event;
      return { event, acknowledge: () => this.#acknowledge(entry) };
    }
    return undefined;
  }

  /** The connection is gone: everything unacknowledged will be sent anew, as replayed. */
  interrupted(): void {
    for (const entry of this.#entries) {
      if (entry.phase === 'sent') entry.phase = 'waiting';
      entry.late = true;
    }
  }

  #acknowledge(entry: Entry): void {
    entry.phase = 'acknowledged';
    const firstOpen = this.#entries.findIndex((other) => other.phase !== 'acknowledged');
    this.#entries.splice(0, firstOpen < 0 ? this.#entries.length : firstOpen);
  }
}
