import type { Clock, Timer } from '../base/clock.ts';
import { isAbort, type OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { Backoff } from '../base/retry.ts';
import type { MqttConfig } from '../config/schema.ts';
import { type BrokerLink, type Message, openLink } from './broker-link.ts';
import { brokerName, connectOptions } from './connect-options.ts';
import { explainLinkError, isProtocolRefusal } from './link-errors.ts';

const BACKOFF = { initialMs: 500, maxMs: 30_000, factor: 2 };
/** Connected for so long, the next outage starts again from the first backoff. */
const STABLE_MS = 10_000;

export interface BrokerKeeperOptions {
  readonly config: MqttConfig;
  readonly deviceId: string;
  readonly will: { readonly topic: string; readonly payload: string };
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** A fresh connection is there. */
  readonly linked: (link: BrokerLink) => void;
  /** A connection ended, or an attempt failed. */
  readonly lost: () => void;
  readonly received: (message: Message) => void;
}

/** Keeps one connection to the broker: connects, and connects again with jittered backoff when it is lost. */
export class BrokerKeeper {
  readonly #options: BrokerKeeperOptions;
  readonly #broker: string;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  #protocolVersion: 4 | 5;
  #link: BrokerLink | undefined;
  #lastError: OcellusError | undefined;
  #running: Promise<void> | undefined;

  constructor(options: BrokerKeeperOptions) {
    this.#options = options;
    this.#broker = brokerName(options.config.url);
    this.#backoff = new Backoff(BACKOFF, options.random);
    this.#protocolVersion = options.config.protocolVersion;
  }

  /** The connection, while there is one. */
  get link(): BrokerLink | undefined {
    return this.#link?.isOpen === true ? this.#link : undefined;
  }

  /** Why there is no connection. */
  get lastError(): OcellusError | undefined {
    return this.#lastError;
  }

  /** Begins; resolves after the first attempt, whatever its outcome, or after `patienceMs`. */
  async start(patienceMs: number): Promise<void> {
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      timer = this.#options.clock.after(patienceMs, resolve);
      this.#running = this.#run(resolve);
    });
    timer?.cancel();
  }

  /** From here on the end of the connection is meant, and no other is made. */
  retire(): void {
    this.#stop.abort();
  }

  /** Stops connecting and cuts what connection there is. */
  async stop(): Promise<void> {
    this.retire();
    this.#link?.destroy();
    await this.#running;
  }

  async #run(tried: () => void): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const link = await this.#open(signal);
        tried();
        const openedMonoMs = clock.monoMs();
        const reason = await link.closed;
        if (clock.monoMs() - openedMonoMs >= STABLE_MS) this.#backoff.reset();
        this.#link = undefined;
        if (!signal.aborted) this.#failed(reason);
      } catch (error) {
        if (signal.aborted) break;
        if (this.#fallsBack(error)) continue;
        this.#failed(error);
      }
      this.#options.lost();
      tried();
      await clock.sleep(this.#backoff.nextMs(), signal).catch((error: unknown) => {
        if (!isAbort(error)) throw error;
      });
    }
  }

  async #open(signal: AbortSignal): Promise<BrokerLink> {
    const { config, deviceId, will, clock, log, received, linked } = this.#options;
    const options = await connectOptions(config, deviceId, this.#protocolVersion, will);
    const link = await openLink(config.url, options, clock, signal, received);
    this.#link = link;
    this.#lastError = undefined;
    log.info(
      { broker: this.#broker, protocolVersion: this.#protocolVersion },
      'connected to the MQTT broker',
    );
    linked(link);
    return link;
  }

  /** A broker without MQTT 5 gets MQTT 3.1.1 from here on. */
  #fallsBack(error: unknown): boolean {
    if (this.#protocolVersion !== 5 || !isProtocolRefusal(error)) return false;
    this.#protocolVersion = 4;
    this.#options.log.info({ broker: this.#broker }, 'the MQTT broker does not speak MQTT 5; using 3.1.1');
    return true;
  }

  /** Logs a failure once, not at every attempt. */
  #failed(thrown: unknown): void {
    const error = explainLinkError(thrown, this.#broker);
    if (error.message !== this.#lastError?.message) {
      this.#options.log.warn({ error: error.message, hint: error.hint }, 'no connection to the MQTT broker');
    }
    this.#lastError = error;
  }
}
