import { explain } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { StoredSettings } from '../store/stored-settings.ts';

const KEY = 'device.names';
/** A device that was renamed more often has left its oldest names clean by now. */
const MOST_NAMES = 8;

/** The names that this device had in earlier runs, so that what it left retained under them can be cleared. */
export class DeviceNames {
  readonly #settings: StoredSettings;
  readonly #log: Logger;
  #earlier: readonly string[] = [];

  constructor(settings: StoredSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Newest first. */
  get earlier(): readonly string[] {
    return this.#earlier;
  }

  /** Reads the earlier names, and notes the present one for later runs. To be called once the store is open. */
  async note(deviceId: string): Promise<void> {
    const known = this.#settings.get(KEY, null);
    const names = Array.isArray(known) ? known.filter((name) => typeof name === 'string') : [];
    this.#earlier = names.filter((name) => name !== deviceId);
    if (names[0] === deviceId) return;
    try {
      await this.#settings.set(KEY, [deviceId, ...this.#earlier].slice(0, MOST_NAMES), null);
    } catch (error) {
      this.#log.warn({ error: explain(error) }, 'the name of this device could not be noted');
    }
  }
}
