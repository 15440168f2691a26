import { messageOf, OcellusError } from '../base/errors.ts';
import {
  isDamage,
  isDiskRefusal,
  openDatabase,
  prepareFolder,
  type Salvage,
  salvageOf,
  setAside,
} from './database.ts';
import { HighWater, readHighWater } from './high-water.ts';
import { Ledger } from './ledger.ts';
import type { FromStore, StoreLimits, ToStore } from './messages.ts';

type Open = Extract<ToStore, { type: 'open' }>;
type Commit = Extract<ToStore, { type: 'commit' }>;

/**
 * Keeps one store folder: opens the database, sets a damaged one aside and goes on with a new one, and answers the main
 * thread. Runs in the store's thread, because everything here waits for the disk.
 */
export class Keeper {
  #folder = '';
  #limits: StoreLimits | undefined;
  #ledger: Ledger | undefined;
  #highWater: HighWater | undefined;
  #seq = 0;
  #dropped = 0;

  /** @throws OcellusError; what SQLite and the file system say */
  handle(message: ToStore): FromStore {
    switch (message.type) {
      case 'open':
        return this.#openStore(message);
      case 'limit':
        this.#limits = message.limits;
        return { type: 'limited', outbox: this.#open().limit(message.limits) };
      case 'commit':
        return this.#commit(message);
      case 'page':
        return { type: 'page', rows: this.#open().page(message.afterSeq, message.upToSeq, message.limit) };
      case 'live':
        return { type: 'live', ...this.#open().live() };
      case 'bounds': {
        const { fromSeq, toSeq } = this.#open().finder.bounds(message) ?? { fromSeq: 1, toSeq: 0 };
        return { type: 'bounds', fromSeq, toSeq };
      }
      case 'search':
        return { type: 'found', rows: this.#open().finder.search(message.query, message) };
      case 'after':
        return { type: 'events', json: this.#open().finder.after(message.seq, message.limit) };
      case 'by_id': {
        const json = this.#open().finder.byId(message.eventId);
        return { type: 'events', json: json === undefined ? [] : [json] };
      }
      case 'save_setting':
        this.#open().saveSetting(message.setting);
        return { type: 'done' };
      case 'forget_setting':
        this.#open().forgetSetting(message.key);
        return { type: 'done' };
      case 'note':
        this.#note(message.seq, true);
        return { type: 'done' };
      case 'tidy': {
        const ledger = this.#open();
        const more = ledger.tidy(message.stamp);
        return { type: 'tidied', outbox: ledger.outbox(), more };
      }
      case 'close':
        this.#close();
        return { type: 'done' };
    }
  }

  /** A disk that takes nothing now is no reason not to start: the main thread asks again until it does. */
  #openStore(message: Open): FromStore {
    const { folder, limits, wallMs } = message;
    this.#folder = folder;
    this.#limits = limits;
    try {
      return this.#openOnDisk(message);
    } catch (error) {
      if (!isDiskRefusal(error, folder)) throw error;
      this.#letGo();
      this.#seq = Math.max(this.#seq, readHighWater(folder)?.seq ?? 0);
      return {
        type: 'opened',
        seq: this.#seq,
        eventId: null,
        stamp: { ageMs: 0, wallMs },
        outbox: { waiting: 0, oldestAtMs: null, dropped: 0 },
        settings: [],
        unwritable: messageOf(error),
        warnings: [],
      };
    }
  }

  #openOnDisk({ folder, wallMs }: Open): FromStore {
    prepareFolder(folder);
    const found = readHighWater(folder);
    const warnings: string[] = [];
    // After a crash or a power cut the whole database is read once.
    const ledger = this.#openOrReplace(found?.clean === false, wallMs, warnings);
    // Written only now that the database is locked: a second daemon must not touch the first one's files.
    this.#ledger = ledger;
    this.#highWater = new HighWater(folder);
    const { seq, eventId, stamp, dropped } = ledger.progress();
    const told = found?.seq ?? 0;
    if (told > seq) {
      warnings.push(
        `events ${seq + 1} to ${told} are not in the store any more: the next one is ${told + 1}`,
      );
      ledger.takeOver(told, dropped);
    }
    this.#note(Math.max(seq, told), false);
    this.#dropped = dropped;
    return {
      type: 'opened',
      seq: this.#seq,
      eventId,
      stamp,
      outbox: ledger.outbox(),
      settings: ledger.settings(),
      unwritable: null,
      warnings,
    };
  }

  #openOrReplace(check: boolean, wallMs: number, warnings: string[]): Ledger {
    try {
      return this.#newLedger(check);
    } catch (error) {
      if (!isDamage(error)) throw error;
      return this.#replace(error, wallMs, warnings, salvageOf(error) ?? { seq: 0, dropped: 0 });
    }
  }

  #replace(damage: unknown, wallMs: number, warnings: string[], known: Salvage): Ledger {
    const aside = setAside(this.#folder, wallMs);
    warnings.push(
      `the store was damaged (${messageOf(damage)}): it was moved to ${aside} and a new one begun`,
    );
    const ledger = this.#newLedger(false);
    ledger.takeOver(known.seq, known.dropped);
    return ledger;
  }

  #newLedger(check: boolean): Ledger {
    if (this.#limits === undefined) throw new Error('the store is not open');
    const db = openDatabase(this.#folder, check, this.#limits.maxPages);
    try {
      return new Ledger(db, this.#limits);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  #commit({ rows, acked, stamp }: Commit): FromStore {
    const ledger = this.#open();
    try {
      const outbox = ledger.commit(rows, acked, stamp);
      this.#dropped = outbox.dropped;
      const last = rows.at(-1);
      if (last !== undefined) this.#note(last.seq, false);
      return { type: 'committed', outbox };
    } catch (error) {
      if (!isDamage(error)) throw error;
      // The main thread offers the same events again, to the new one.
      ledger.close();
      const warnings: string[] = [];
      const known = { seq: this.#seq, dropped: this.#dropped };
      this.#ledger = this.#replace(error, stamp.wallMs, warnings, known);
      throw new OcellusError('store_failed', warnings.join('; '), { cause: error });
    }
  }

  #note(seq: number, sync: boolean): void {
    this.#seq = Math.max(this.#seq, seq);
    this.#highWater?.write({ seq: this.#seq, clean: false }, sync);
  }

  #open(): Ledger {
    if (this.#ledger === undefined) throw new Error('the store is not open');
    return this.#ledger;
  }

  #close(): void {
    this.#highWater?.write({ seq: this.#seq, clean: true }, true);
    this.#letGo();
  }

  #letGo(): void {
    this.#ledger?.close();
    this.#ledger = undefined;
    this.#highWater?.close();
    this.#highWater = undefined;
  }
}
