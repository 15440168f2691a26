import type { Config, MqttConfig } from '../config/schema.ts';
import type { Message } from './broker-link.ts';
import { EarlierDevice } from './earlier-device.ts';
import { level, type Topics } from './topics.ts';

export interface LeftoversParts {
  readonly config: MqttConfig;
  readonly deviceId: string;
  /** What exists, so that topics of cameras, zones and labels that no longer do are cleared. */
  readonly cameras: Config['cameras'];
  /** What the device was called before; asked for once, at the start. */
  readonly earlierDeviceIds?: () => readonly string[];
}

/** What earlier runs of this device left retained: corrected, or cleared. */
export class Leftovers {
  readonly #parts: LeftoversParts;
  readonly #topics: Topics;
  readonly #retain: (topic: string, payload: '' | '0') => void;
  #earlier: readonly EarlierDevice[] = [];

  constructor(parts: LeftoversParts, topics: Topics, retain: (topic: string, payload: '' | '0') => void) {
    this.#parts = parts;
    this.#topics = topics;
    this.#retain = retain;
  }

  start(): void {
    const { deviceId, earlierDeviceIds = () => [], config } = this.#parts;
    const discoveryPrefix = config.homeAssistant.prefix;
    this.#earlier = earlierDeviceIds()
      .filter((id) => id !== deviceId)
      .map(
        (id) =>
          new EarlierDevice({ deviceId: id, discoveryPrefix, clear: (topic) => this.#retain(topic, '') }),
      );
  }

  /** What has to be subscribed to for it. */
  get filters(): readonly string[] {
    return [...this.#topics.leftovers, ...this.#earlier.map(({ filter }) => filter)];
  }

  /** Hears every message, whoever it is for. */
  hear(message: Message): void {
    for (const earlier of this.#earlier) earlier.received(message);
  }

  /** Takes a retained message on a topic of this device that has no value yet in this run. */
  correct({ topic, payload, retain }: Message): void {
    if (!retain || payload.length === 0) return;
    const correction = leftoverCorrection(this.#topics, this.#parts.cameras, topic);
    if (correction !== undefined) this.#retain(topic, correction);
  }
}

/**
 * What a retained topic that an earlier run left behind should hold now: `0` for a count that still makes sense, empty
 * (cleared) for anything of a camera, zone or label that is not configured any more; undefined to leave it alone.
 */
export function leftoverCorrection(
  topics: Topics,
  cameras: Config['cameras'],
  topic: string,
): '' | '0' | undefined {
  const parsed = topics.parseRetained(topic);
  if (parsed === undefined) return undefined;
  const camera = Object.hasOwn(cameras, parsed.cameraId) ? cameras[parsed.cameraId] : undefined;
  if (camera === undefined) return '';
  if (parsed.kind === 'camera') return undefined;
  if ((parsed.kind === 'snapshot' || parsed.kind === 'crop') && !camera.snapshots.enabled) return '';
  const includes = (labels: readonly string[]) => labels.some((label) => level(label) === parsed.label);
  const reported = Object.keys(camera.objects);
  if (reported.length > 0 && !includes(reported)) return '';
  // The best view of an earlier run is true until there is a better one.
  if (parsed.kind === 'snapshot' || parsed.kind === 'crop') return undefined;
  if (parsed.kind === 'count') return '0';
  const zone = Object.hasOwn(camera.zones, parsed.zone) ? camera.zones[parsed.zone] : undefined;
  if (zone === undefined) return '';
  return zone.objects === undefined || includes(zone.objects) ? '0' : '';
}
