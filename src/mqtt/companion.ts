import type { DomainEvent } from '../flow/domain-event.ts';
import type { BrokerLink, Message } from './broker-link.ts';
import type { CommandName } from './topics.ts';

/** What a companion can do at the broker. Calls return at once and never throw. */
export interface CompanionPort {
  /** Sets a retained topic; an empty payload clears it. */
  retain(topic: string, payload: string | Buffer): void;
  /** Publishes a retained topic again although its value is the same. */
  repeat(topic: string): void;
  /** Publishes with QoS 0 what is worth nothing later: dropped while the broker is away or behind. */
  publish(topic: string, payload: string): void;
  /** Has a command carried out as if it had come on the device's own topic. */
  command(cameraId: string, command: CommandName, message: Message): void;
}

/**
 * Speaks to other software in its own topics, beside the device's own. It hears what the device itself publishes, by
 * topic, so that whatever is true there is true here: corrections of what an earlier run left behind included.
 */
export interface Companion {
  start(): void;
  /** A fresh connection: subscribe to what is needed. */
  linked(link: BrokerLink): void;
  event(event: DomainEvent): void;
  /** A retained topic of the device got this value; empty: it was cleared. */
  retained(topic: string, payload: string | Buffer): void;
  /** Cameras were added, removed or changed in the configuration. */
  camerasChanged(): void;
  /** Size of the camera's pictures, px. */
  pictureSize(cameraId: string, widthPx: number, heightPx: number): void;
  /** @returns true when the message was the companion's */
  received(message: Message): boolean;
  close(deadlineMs: number): Promise<void>;
}

/** Several companions as one. */
export class Companions implements Companion {
  readonly #all: readonly Companion[];

  constructor(all: readonly Companion[]) {
    this.#all = all;
  }

  start(): void {
    for (const companion of this.#all) companion.start();
  }

  linked(link: BrokerLink): void {
    for (const companion of this.#all) companion.linked(link);
  }

  event(event: DomainEvent): void {
    for (const companion of this.#all) companion.event(event);
  }

  retained(topic: string, payload: string | Buffer): void {
    for (const companion of this.#all) companion.retained(topic, payload);
  }

  camerasChanged(): void {
    for (const companion of this.#all) companion.camerasChanged();
  }

  pictureSize(cameraId: string, widthPx: number, heightPx: number): void {
    for (const companion of this.#all) companion.pictureSize(cameraId, widthPx, heightPx);
  }

  received(message: Message): boolean {
    return this.#all.some((companion) => companion.received(message));
  }

  async close(deadlineMs: number): Promise<void> {
    await Promise.all(this.#all.map((companion) => companion.close(deadlineMs)));
  }
}
