import type { Message } from './broker-link.ts';
import { earlierComponents } from './home-assistant/earlier-payload.ts';
import { Topics } from './topics.ts';

export interface EarlierDeviceParts {
  /** What this device was called before. */
  readonly deviceId: string;
  /** Home Assistant's discovery prefix. */
  readonly discoveryPrefix: string;
  /** Clears a retained topic. */
  readonly clear: (topic: string) => void;
}

/**
 * What this device left retained under a name that it had before. It is cleared only once that name says `offline`: if it
 * does not, another device has it now.
 */
export class EarlierDevice {
  readonly filter: string;
  readonly #parts: EarlierDeviceParts;
  readonly #topics: Topics;
  /** Seen before it was known whether the name is still in use. */
  readonly #held = new Set<string>();
  #isGone = false;

  constructor(parts: EarlierDeviceParts) {
    this.#parts = parts;
    this.#topics = new Topics(parts.deviceId);
    this.filter = `${this.#topics.root}/#`;
  }

  /** Takes a message of the earlier name. Announcements to Home Assistant are heard as well, by whoever subscribes to them. */
  received({ topic, payload, retain }: Message): void {
    if (!retain || payload.length === 0 || !this.#isOwn(topic, payload)) return;
    this.#held.add(topic);
    if (topic === this.#topics.availability) this.#isGone = payload.toString('utf8') === 'offline';
    if (!this.#isGone) return;
    for (const held of this.#held) this.#parts.clear(held);
    this.#held.clear();
  }

  #isOwn(topic: string, payload: Buffer): boolean {
    if (topic.startsWith(`${this.#topics.root}/`)) return true;
    const { deviceId, discoveryPrefix } = this.#parts;
    const isAnnouncement = topic.startsWith(`${discoveryPrefix}/device/`);
    return isAnnouncement && earlierComponents(deviceId, payload.toString('utf8')) !== undefined;
  }
}
