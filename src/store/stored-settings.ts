import { OcellusError } from '../base/errors.ts';
import type { SettingRow } from './messages.ts';
import type { StoreThread } from './store-thread.ts';

/** Values that were set while running and outlive a restart, each beside what the configuration said then. */
export class StoredSettings {
  #thread: StoreThread | undefined;
  readonly #rows = new Map<string, SettingRow>();

  /** Called by the store once it is open. */
  opened(thread: StoreThread, rows: readonly SettingRow[]): void {
    this.#thread = thread;
    for (const row of rows) this.#rows.set(row.key, row);
  }

  /**
   * The value that was set, as JSON values go; undefined when none was, or when the configuration says another value now
   * than then: whoever edits it means it.
   */
  get(key: string, configured: unknown): unknown {
    const row = this.#rows.get(key);
    return row === undefined || row.configured !== JSON.stringify(configured)
      ? undefined
      : JSON.parse(row.value);
  }

  /** Keeps a value; one that is what the configuration says is no setting. @throws OcellusError `store_failed` */
  async set(key: string, value: unknown, configured: unknown): Promise<void> {
    if (this.#thread === undefined)
      throw new OcellusError('store_failed', 'the store is not open: the disk takes nothing now');
    const row = { key, value: JSON.stringify(value), configured: JSON.stringify(configured) };
    if (row.value === row.configured) {
      this.#rows.delete(key);
      await this.#thread.ask({ type: 'forget_setting', key });
    } else {
      this.#rows.set(key, row);
      await this.#thread.ask({ type: 'save_setting', setting: row });
    }
  }
}
