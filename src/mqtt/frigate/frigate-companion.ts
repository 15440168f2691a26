import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Config, MqttConfig } from '../../config/schema.ts';
import type { DomainEvent } from '../../flow/domain-event.ts';
import type { SizePx } from '../../flow/geometry.ts';
import { BrokerKeeper } from '../broker-keeper.ts';
import type { BrokerLink, Message } from '../broker-link.ts';
import { isCommandName } from '../commands.ts';
import type { Companion, CompanionPort } from '../companion.ts';
import type { Topics } from '../topics.ts';
import { FrigateCounts } from './frigate-counts.ts';
import { type FrigateObject, frigateMessage } from './frigate-event.ts';

/** Objects whose last state is kept for `before`; beyond it the one told longest ago is forgotten. */
const MAX_OBJECTS = 1_000;
/** Frigate's own default, until the first picture has told the size. */
const FALLBACK_SIZE: SizePx = { widthPx: 1280, heightPx: 720 };

export interface FrigateParts {
  readonly config: MqttConfig;
  readonly deviceId: string;
  readonly cameras: Config['cameras'];
  readonly topics: Topics;
  readonly port: CompanionPort;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

/** Says what happens in Frigate's topics too, and takes its commands. Best effort: nothing waits for the broker here. */
export class FrigateCompanion implements Companion {
  readonly #parts: FrigateParts;
  readonly #prefix: string;
  readonly #available: string;
  /** A connection has one will, and the device's own needs that of the main one. */
  readonly #presence: BrokerKeeper;
  readonly #counts = new FrigateCounts();
  readonly #objects = new Map<string, FrigateObject>();
  readonly #sizes = new Map<string, SizePx>();

  constructor(parts: FrigateParts) {
    const { config, deviceId, clock, random, log } = parts;
    this.#parts = parts;
    this.#prefix = config.frigate.prefix;
    this.#available = `${this.#prefix}/available`;
    this.#presence = new BrokerKeeper({
      config: { ...config, clientId: `${config.clientId ?? `ocellus-${deviceId}`}-frigate` },
      deviceId,
      will: { topic: this.#available, payload: 'offline' },
      clock,
      random,
      log: log.child({ connection: 'frigate' }),
      linked: (link) => this.#say(link, 'online'),
      lost: () => {},
      received: () => {},
    });
  }

  start(): void {
    void this.#presence.start(0);
  }

  linked(link: BrokerLink): void {
    const { log } = this.#parts;
    const filters = ['detect', 'enabled'].map((command) => `${this.#prefix}/+/${command}/set`);
    link.subscribe(filters).catch((error: unknown) => {
      if (!link.isOpen) return;
      log.warn(
        { error: messageOf(error) },
        "the MQTT broker refuses subscriptions: no commands in Frigate's topics",
      );
    });
  }

  event(event: DomainEvent): void {
    if (!('objectId' in event)) return;
    const { port, cameras } = this.#parts;
    const { cameraId, objectId } = event;
    const size = this.#sizes.get(cameraId) ?? FALLBACK_SIZE;
    const fps = cameras[cameraId]?.detect.fps ?? 0;
    const message = frigateMessage(event, this.#objects.get(objectId), { ...size, fps });
    if (message === undefined) return;
    // Taken out and put back, so that the first of the map is the one told longest ago.
    this.#objects.delete(objectId);
    if (message.type !== 'end') this.#objects.set(objectId, message.after);
    const [oldest] = this.#objects.keys();
    if (this.#objects.size > MAX_OBJECTS && oldest !== undefined) this.#objects.delete(oldest);
    port.publish(`${this.#prefix}/events`, JSON.stringify(message));
  }

  retained(topic: string, payload: string | Buffer): void {
    const { topics, port } = this.#parts;
    const parsed = topics.parseRetained(topic);
    if (parsed === undefined) return;
    const retain = (tail: string) => port.retain(`${this.#prefix}/${parsed.cameraId}/${tail}`, payload);
    switch (parsed.kind) {
      case 'count':
      case 'zone-count':
        for (const [tail, count] of this.#counts.take(parsed, payload.toString())) {
          port.retain(`${this.#prefix}/${tail}`, count);
        }
        return;
      case 'snapshot':
        retain(`${parsed.label}/snapshot`);
        return;
      case 'camera':
        if (parsed.what === 'motion') retain('motion');
        if (parsed.what === 'detect' || parsed.what === 'enabled') retain(`${parsed.what}/state`);
    }
  }

  camerasChanged(): void {
    const { cameras } = this.#parts;
    for (const cameraId of this.#sizes.keys())
      if (!Object.hasOwn(cameras, cameraId)) this.#sizes.delete(cameraId);
  }

  pictureSize(cameraId: string, widthPx: number, heightPx: number): void {
    const known = this.#sizes.get(cameraId);
    if (known?.widthPx !== widthPx || known.heightPx !== heightPx) {
      this.#sizes.set(cameraId, { widthPx, heightPx });
    }
  }

  received(message: Message): boolean {
    const { port } = this.#parts;
    if (!message.topic.startsWith(`${this.#prefix}/`)) return false;
    const [cameraId, command, set] = message.topic.slice(this.#prefix.length + 1).split('/');
    if (cameraId === undefined || command === undefined || set !== 'set' || !isCommandName(command))
      return false;
    port.command(cameraId, command, message);
    return true;
  }

  async close(deadlineMs: number): Promise<void> {
    const { link } = this.#presence;
    this.#presence.retire();
    if (link !== undefined) {
      this.#say(link, 'offline');
      await link.end(deadlineMs);
    }
    await this.#presence.stop();
  }

  #say(link: BrokerLink, payload: 'online' | 'offline'): void {
    link.publish(this.#available, payload, true).catch((error: unknown) => {
      if (link.isOpen)
        this.#parts.log.warn({ error: messageOf(error) }, `could not say ${payload} to Frigate's users`);
    });
  }
}
