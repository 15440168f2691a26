import type { ServiceStack } from '../base/service.ts';
import { MqttPublisher, type MqttPublisherOptions } from '../mqtt/publisher.ts';
import type { InForce } from './in-force.ts';

const CLOSE_DEADLINE_MS = 5_000;

export interface BrokerParts
  extends Omit<MqttPublisherOptions, 'config' | 'deviceId' | 'cameras' | 'earlierDeviceIds'> {
  readonly inForce: InForce;
  readonly earlierDeviceIds: () => readonly string[];
}

/** The connection to the broker that the configuration names, if it names one; it may come to name another. */
export class Broker {
  readonly #parts: BrokerParts;
  #publisher: MqttPublisher | undefined;
  #stack: ServiceStack | undefined;

  constructor(parts: BrokerParts) {
    this.#parts = parts;
    this.#publisher = this.#create();
  }

  /** Undefined without a broker. */
  get publisher(): MqttPublisher | undefined {
    return this.#publisher;
  }

  /** @param stack where the connection lives */
  async start(stack: ServiceStack, signal: AbortSignal): Promise<void> {
    this.#stack = stack;
    if (this.#publisher !== undefined) await stack.start(this.#publisher, signal);
  }

  /**
   * Ends the connection, once it has handed over what it can, and makes the one that is configured now. What the old one
   * had retained is retained there too; events wait on disk meanwhile. @returns whether there was one before
   */
  async renew(signal: AbortSignal): Promise<boolean> {
    const before = this.#publisher;
    const retained = before?.retained ?? [];
    this.#publisher = this.#create();
    this.#publisher?.takeOver(retained);
    if (before !== undefined) await this.#stack?.stop(before, CLOSE_DEADLINE_MS);
    if (this.#publisher !== undefined) await this.#stack?.start(this.#publisher, signal);
    return before !== undefined;
  }

  #create(): MqttPublisher | undefined {
    const { inForce, ...parts } = this.#parts;
    const { config, secrets } = inForce;
    if (config.mqtt === undefined) return undefined;
    return new MqttPublisher({
      ...parts,
      config: { ...config.mqtt, ...(secrets.mqttPassword && { password: secrets.mqttPassword }) },
      deviceId: config.device.id,
      cameras: config.cameras,
    });
  }
}
