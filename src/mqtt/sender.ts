import type { Logger } from '../base/log.ts';
import type { OutboxSource } from '../flow/outbox-source.ts';
import { type BrokerLink, PublishRefused } from './broker-link.ts';
import type { Retained } from './retained.ts';
import type { Topics } from './topics.ts';

/** Messages that may be on their way at once, if the broker does not ask for fewer. */
const WINDOW = 64;

export interface SenderParts {
  readonly topics: Topics;
  readonly retained: Retained;
  readonly outbox: OutboxSource;
  /** The connection, while there is one. */
  readonly link: () => BrokerLink | undefined;
  /** A message is dealt with. */
  readonly settled: () => void;
  readonly log: Logger;
}

/** Sends what waits, retained values first, as many at once as the broker takes. Calls never throw. */
export class Sender {
  readonly #parts: SenderParts;
  #inFlight = 0;
  #refused = 0;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  /** Events that the broker refused. */
  get refused(): number {
    return this.#refused;
  }

  /** There is a fresh connection: what was on its way over the one before is not any more. */
  linked(): void {
    this.#inFlight = 0;
  }

  /** Sends what waits, as far as the window allows. */
  pump(): void {
    const { link: linkNow, retained, outbox, topics } = this.#parts;
    const link = linkNow();
    if (link === undefined) return;
    const window = Math.min(WINDOW, link.receiveMaximum);
    while (this.#inFlight < window) {
      const value = retained.next();
      if (value !== undefined) {
        void this.#send(link, value.topic, value.value, true);
        continue;
      }
      const next = outbox.next();
      if (next === undefined) return;
      const acknowledged = () => outbox.acknowledge(next.seq);
      void this.#send(link, topics.events(next.cameraId), next.payload, false, acknowledged);
    }
  }

  /** Publishes what is worth nothing later: dropped when there is no connection. */
  once(topic: string, payload: string | Buffer): void {
    const link = this.#parts.link();
    if (link !== undefined) void this.#send(link, topic, payload, false);
  }

  async #send(
    link: BrokerLink,
    topic: string,
    payload: string | Buffer,
    retain: boolean,
    acknowledged?: () => void,
  ): Promise<void> {
    this.#inFlight += 1;
    try {
      await link.publish(topic, payload, retain);
      acknowledged?.();
    } catch (error) {
      // A lost connection is not an error of the message: everything is sent again over the next one.
      if (!(error instanceof PublishRefused)) return;
      this.#parts.log.error({ topic, error: error.message }, 'the MQTT broker refused a message');
      if (acknowledged !== undefined) this.#refused += 1;
      acknowledged?.();
    } finally {
      if (this.#parts.link() === link) {
        this.#inFlight -= 1;
        this.#parts.settled();
        this.pump();
      }
    }
  }
}
