import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { Clock } from '../base/clock.ts';
import { withDeadline } from '../base/deadline.ts';
import { messageOf, OcellusError } from '../base/errors.ts';

/** Bytes that may wait in the socket before messages of QoS 0 are dropped. */
const BACKLOG_BYTES = 256 * 1024;

export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
}

/** The broker answered that it will not take a message; the connection lives on. */
export class PublishRefused extends Error {
  override readonly name = 'PublishRefused';
}

/**
 * One connection to a broker, from CONNECT to its end; never reused. Whatever is pending when the connection ends is
 * rejected, and nothing of it is sent later.
 */
export class BrokerLink {
  readonly #client: MqttClient;
  readonly #clock: Clock;
  readonly #pending = new Set<(error: Error) => void>();
  readonly #closed: Promise<Error>;
  #settleClosed: (error: Error) => void = () => {};
  #lastError: Error | undefined;
  #isOpen = true;
  #receiveMaximum = 65_535;

  /** @param received called for every message that the broker sends */
  constructor(client: MqttClient, clock: Clock, received: (message: Message) => void) {
    this.#client = client;
    this.#clock = clock;
    this.#closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    client.on('error', (error) => {
      this.#lastError = error;
    });
    client.on('disconnect', (packet) => {
      this.#lastError = Object.assign(new Error('the broker ended the connection'), {
        code: packet.reasonCode,
      });
    });
    client.on('message', (topic, payload, packet) => received({ topic, payload, retain: packet.retain }));
    client.on('close', () => this.#shut(this.#lastError ?? new Error('the connection was closed')));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Messages of QoS 1 that the broker takes before it has acknowledged any (MQTT 5, section 3.2.2.3.3). */
  get receiveMaximum(): number {
    return this.#receiveMaximum;
  }

  /** Resolves with the reason when the connection has ended. Never rejects. */
  get closed(): Promise<Error> {
    return this.#closed;
  }

  /** Resolves on CONNACK; rejects with what the client or the broker said. */
  opened(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        signal.removeEventListener('abort', onAbort);
        reject(error);
      };
      const onAbort = () => this.destroy();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#pending.add(fail);
      this.#client.once('connect', (packet) => {
        this.#receiveMaximum = packet.properties?.receiveMaximum ?? this.#receiveMaximum;
        this.#pending.delete(fail);
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      if (signal.aborted) this.destroy();
    });
  }

  /** Publishes with QoS 1: resolves when the broker has it, rejects with `PublishRefused` or when the connection ends. */
  publish(topic: string, payload: string | Buffer, retain: boolean): Promise<void> {
    return this.#settled((done) => this.#client.publish(topic, payload, { qos: 1, retain }, done));
  }

  /** Publishes with QoS 0. @returns false when it was dropped, because the socket is behind */
  publishUnacknowledged(topic: string, payload: string): boolean {
    if (!this.#isOpen || this.#client.stream.writableLength > BACKLOG_BYTES) return false;
    this.#client.publish(topic, payload, { qos: 0 });
    return true;
  }

  subscribe(filters: readonly string[]): Promise<void> {
    return this.#settled((done) => this.#client.subscribe([...filters], { qos: 1 }, done));
  }

  unsubscribe(filters: readonly string[]): Promise<void> {
    return this.#settled((done) => this.#client.unsubscribe([...filters], done));
  }

  /** Ends the session in order (DISCONNECT: the last will stays unsent); by force when that outlasts the deadline. */
  async end(deadlineMs: number): Promise<void> {
    try {
      await withDeadline(this.#client.endAsync(), deadlineMs, 'disconnecting from the broker', this.#clock);
      this.#shut(new Error('the connection was closed'));
    } catch {
      // Only the deadline rejects, and force is the answer to it.
      this.destroy();
    }
  }

  /** Cuts the connection: the broker will send the last will. */
  destroy(): void {
    this.#client.end(true);
    this.#client.stream?.destroy();
    this.#shut(this.#lastError ?? new Error('the connection was closed'));
  }

  #settled(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#isOpen) {
        reject(new Error('not connected'));
        return;
      }
      this.#pending.add(reject);
      start((error) => {
        this.#pending.delete(reject);
        if (error === undefined || error === null) resolve();
        else reject(this.#isOpen && isRefusal(error) ? new PublishRefused(messageOf(error)) : error);
      });
    });
  }

  #shut(reason: Error): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const reject of this.#pending) reject(reason);
    this.#pending.clear();
    this.#client.end(true);
    this.#settleClosed(reason);
  }
}

/**
 * Connects to a broker.
 * @throws what the network, TLS or the broker's CONNACK said
 */
export async function openLink(
  url: string,
  options: IClientOptions,
  clock: Clock,
  signal: AbortSignal,
  received: (message: Message) => void,
): Promise<BrokerLink> {
  const link = new BrokerLink(connect(url, options), clock, received);
  const timeoutMs = options.connectTimeout ?? 10_000;
  try {
    await withDeadline(link.opened(signal), timeoutMs, 'connecting to the broker', clock);
    return link;
  } catch (error) {
    link.destroy();
    if (error instanceof OcellusError)
      throw Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' });
    throw error;
  }
}

/** True for a negative PUBACK (MQTT 5): those carry a numeric reason code, errors of the network a name. */
function isRefusal(error: Error): boolean {
  return 'code' in error && typeof error.code === 'number';
}
