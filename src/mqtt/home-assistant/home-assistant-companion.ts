import type { Clock, Timer } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { CameraConfig } from '../../config/camera-schema.ts';
import type { Config, MqttConfig } from '../../config/schema.ts';
import type { BrokerLink, Message } from '../broker-link.ts';
import type { Companion, CompanionPort } from '../companion.ts';
import { leftoverCorrection } from '../leftovers.ts';
import { listen } from '../subscriptions.ts';
import { level, type Topics } from '../topics.ts';
import { cameraDevice } from './camera-device.ts';
import { type Component, type DevicePayload, joined } from './discovery-payload.ts';
import { earlierComponents } from './earlier-payload.ts';
import { hubDevice } from './hub-device.ts';

/**
 * What an earlier run announced must be read before it is written over, or Home Assistant would not be told of what is
 * gone. A broker sends it right after the subscription.
 */
const SETTLE_MS = 1_000;

export interface HomeAssistantParts {
  readonly config: MqttConfig;
  readonly deviceId: string;
  readonly cameras: Config['cameras'];
  readonly topics: Topics;
  readonly port: CompanionPort;
  readonly clock: Clock;
  readonly log: Logger;
}

interface CameraLabels {
  readonly inPicture: Set<string>;
  readonly inZones: Map<string, Set<string>>;
}

/**
 * Announces the device and its cameras to Home Assistant, and takes back what is no longer there; everything, when
 * discovery is off.
 */
export class HomeAssistantCompanion implements Companion {
  readonly #parts: HomeAssistantParts;
  readonly #labels = new Map<string, CameraLabels>();
  /** Components that were announced once, by topic: Home Assistant forgets those that have only a platform. */
  readonly #gone = new Map<string, Map<string, Component>>();
  #settling: Timer | undefined;
  #announced = false;

  constructor(parts: HomeAssistantParts) {
    this.#parts = parts;
    for (const [cameraId, camera] of Object.entries(parts.cameras)) this.#meet(cameraId, camera);
  }

  start(): void {}

  linked(link: BrokerLink): void {
    const { config, clock, log } = this.#parts;
    const { prefix, discovery } = config.homeAssistant;
    const refused = 'the MQTT broker refuses subscriptions: old entities may stay in Home Assistant';
    const birth = discovery ? [`${prefix}/status`] : [];
    void listen(link, birth, [this.#topic('+')], refused, { clock, log });
    if (!discovery || this.#announced || this.#settling !== undefined) return;
    this.#settling = clock.after(SETTLE_MS, () => {
      this.#announced = true;
      this.#announceAll();
    });
  }

  event(): void {}

  camerasChanged(): void {
    const { cameras, port, deviceId } = this.#parts;
    for (const cameraId of this.#labels.keys()) {
      if (Object.hasOwn(cameras, cameraId)) continue;
      const topic = this.#topic(joined('ocellus', deviceId, cameraId));
      this.#labels.delete(cameraId);
      this.#gone.delete(topic);
      if (this.#announced) port.retain(topic, '');
    }
    for (const [cameraId, camera] of Object.entries(cameras)) {
      if (!this.#labels.has(cameraId)) this.#meet(cameraId, camera);
      if (this.#announced) this.#announce(cameraId);
    }
  }

  pictureSize(): void {}

  /** A count of a label that nobody knew makes it known. */
  retained(topic: string, payload: string | Buffer): void {
    const parsed = this.#parts.topics.parseRetained(topic);
    if (parsed?.kind !== 'count' && parsed?.kind !== 'zone-count') return;
    const zone = parsed.kind === 'zone-count' ? parsed.zone : undefined;
    if (payload.length === 0) this.#forget(parsed.cameraId, zone);
    else if (this.#know(parsed.cameraId, parsed.label, zone) && this.#announced)
      this.#announce(parsed.cameraId);
  }

  received({ topic, payload, retain }: Message): boolean {
    const { prefix, discovery } = this.#parts.config.homeAssistant;
    if (topic === `${prefix}/status`) {
      if (discovery && this.#announced && payload.toString('utf8') === 'online') this.#repeatAll();
      return true;
    }
    if (!topic.startsWith(`${prefix}/device/`)) return false;
    if (retain && payload.length > 0 && !this.#announced) this.#earlier(topic, payload.toString('utf8'));
    return true;
  }

  async close(): Promise<void> {
    this.#settling?.cancel();
  }

  /** A camera with the labels that its configuration names. */
  #meet(cameraId: string, { objects, zones }: CameraConfig): void {
    const none = Object.keys(zones).map((zone): [string, Set<string>] => [zone, new Set()]);
    this.#labels.set(cameraId, { inPicture: new Set(), inZones: new Map(none) });
    for (const label of Object.keys(objects)) this.#know(cameraId, level(label));
    for (const [zone, { objects: counted }] of Object.entries(zones)) {
      for (const label of counted ?? Object.keys(objects)) this.#know(cameraId, level(label), zone);
    }
  }

  /** Learns what an earlier run announced: what of it is gone, and which labels it had met. */
  #earlier(topic: string, payload: string): void {
    const { deviceId, cameras, topics, port, config } = this.#parts;
    const components = earlierComponents(deviceId, payload);
    if (components === undefined) return;
    const isCurrent = topic === this.#topic(this.#hubId()) || this.#cameraOf(topic) !== undefined;
    if (!config.homeAssistant.discovery || !isCurrent) {
      port.retain(topic, '');
      return;
    }
    for (const { state_topic: state } of Object.values(components)) {
      if (typeof state !== 'string' || leftoverCorrection(topics, cameras, state) !== '0') continue;
      const parsed = topics.parseRetained(state);
      if (parsed?.kind === 'count') this.#know(parsed.cameraId, parsed.label);
      if (parsed?.kind === 'zone-count') this.#know(parsed.cameraId, parsed.label, parsed.zone);
    }
    this.#gone.set(
      topic,
      new Map(Object.entries(components).map(([key, { platform }]) => [key, { platform }])),
    );
  }

  #announceAll(): void {
    const { topics, deviceId, cameras } = this.#parts;
    this.#publish(this.#topic(this.#hubId()), hubDevice(topics, deviceId));
    for (const cameraId of Object.keys(cameras)) this.#announce(cameraId);
  }

  #announce(cameraId: string): void {
    const { topics, deviceId, cameras } = this.#parts;
    const labels = this.#labels.get(cameraId)!;
    const payload = cameraDevice(topics, deviceId, cameraId, cameras[cameraId]!, labels);
    this.#publish(this.#topic(joined('ocellus', deviceId, cameraId)), payload);
  }

  #publish(topic: string, payload: DevicePayload): void {
    const earlier = this.#gone.get(topic) ?? new Map<string, Component>();
    const components = { ...Object.fromEntries(earlier), ...payload.components };
    // Should one of these be gone the next time, it has only its platform left.
    for (const [key, { platform }] of Object.entries(payload.components)) earlier.set(key, { platform });
    this.#gone.set(topic, earlier);
    this.#parts.port.retain(topic, JSON.stringify({ ...payload, components }));
  }

  /** Home Assistant has started again. */
  #repeatAll(): void {
    const { port, cameras, deviceId } = this.#parts;
    port.repeat(this.#topic(this.#hubId()));
    for (const cameraId of Object.keys(cameras)) {
      port.repeat(this.#topic(joined('ocellus', deviceId, cameraId)));
    }
  }

  /** @returns true when that is news */
  #know(cameraId: string, label: string, zone?: string): boolean {
    const labels = this.#labels.get(cameraId);
    const isNewZone = zone !== undefined && labels?.inZones.has(zone) === false;
    // One that was drawn while the daemon runs.
    if (isNewZone && Object.hasOwn(this.#parts.cameras[cameraId]?.zones ?? {}, zone)) {
      labels?.inZones.set(zone, new Set());
    }
    const known = zone === undefined ? labels?.inPicture : labels?.inZones.get(zone);
    if (known === undefined || known.has(label)) return false;
    known.add(label);
    return true;
  }

  /** A zone was taken out of the configuration while the daemon runs. */
  #forget(cameraId: string, zone: string | undefined): void {
    if (zone === undefined || Object.hasOwn(this.#parts.cameras[cameraId]?.zones ?? {}, zone)) return;
    if (this.#labels.get(cameraId)?.inZones.delete(zone) && this.#announced) this.#announce(cameraId);
  }

  #cameraOf(topic: string): string | undefined {
    const { cameras, deviceId } = this.#parts;
    return Object.keys(cameras).find((id) => topic === this.#topic(joined('ocellus', deviceId, id)));
  }

  #hubId(): string {
    return joined('ocellus', this.#parts.deviceId);
  }

  #topic(id: string): string {
    return `${this.#parts.config.homeAssistant.prefix}/device/${id}/config`;
  }
}
