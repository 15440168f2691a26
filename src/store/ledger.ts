import type Database from 'libsql';
import { inTransaction } from './database.ts';
import { EventFinder } from './event-finder.ts';
import type { AgeStamp, EventRow, OutboxCount, SettingRow, StoredRow, StoreLimits } from './messages.ts';

/** Rows deleted in one transaction: few, so that no commit of an event waits long behind it. */
const TIDY_ROWS = 500;

export interface Progress {
  readonly seq: number;
  readonly eventId: string | null;
  readonly stamp: AgeStamp;
  readonly dropped: number;
}

/** The tables: every method is one transaction, on disk when it returns. Not for the main thread: each waits for the disk. */
export class Ledger {
  /** Reads what is written here. */
  readonly finder: EventFinder;
  readonly #db: Database.Database;
  #limits: StoreLimits;
  readonly #statements: ReturnType<typeof prepareAll>;
  #waiting: number;
  #dropped = 0;

  constructor(db: Database.Database, limits: StoreLimits) {
    this.finder = new EventFinder(db);
    this.#db = db;
    this.#limits = limits;
    this.#statements = prepareAll(db);
    this.#waiting = 0;
    this.limit(limits);
    this.#dropped = this.progress().dropped;
  }

  /** Goes by other limits from now on. Without a broker nothing waits for one. */
  limit(limits: StoreLimits): OutboxCount {
    this.#limits = limits;
    if (!limits.outbox) this.#db.exec('DELETE FROM outbox');
    this.#waiting = (this.#db.prepare('SELECT count(*) AS n FROM outbox').get() as { n: number }).n;
    return this.outbox();
  }

  progress(): Progress {
    const row = this.#db.prepare('SELECT * FROM progress').get() as {
      seq: number;
      event_id: string | null;
      age_ms: number;
      wall_ms: number;
      dropped: number;
    };
    const stamp = { ageMs: row.age_ms, wallMs: row.wall_ms };
    return { seq: row.seq, eventId: row.event_id, stamp, dropped: row.dropped };
  }

  outbox(): OutboxCount {
    const oldest = this.#statements.oldest.get() as { at_ms: number } | undefined;
    return { waiting: this.#waiting, oldestAtMs: oldest?.at_ms ?? null, dropped: this.#dropped };
  }

  /** Stores events, forgets what was acknowledged, and drops the oldest that wait beyond the bound: one sync of the disk. */
  commit(rows: readonly EventRow[], acked: readonly number[], stamp: AgeStamp): OutboxCount {
    this.#change(stamp, () => {
      for (const row of rows) this.#insert(row, stamp);
      let waiting = this.#waiting + (this.#limits.outbox ? rows.length : 0);
      for (const seq of acked) waiting -= this.#statements.acknowledge.run(seq).changes;
      const excess = waiting - this.#limits.outboxEvents;
      const dropped = excess > 0 ? this.#statements.dropOldest.run(excess).changes : 0;
      const last = rows.at(-1);
      if (last !== undefined) this.#statements.advance.run(last.seq, last.eventId);
      return { waiting: waiting - dropped, dropped };
    });
    return this.outbox();
  }

  /** Events that wait, in order, `afterSeq` < seq <= `upToSeq`. */
  page(afterSeq: number, upToSeq: number, limit: number): StoredRow[] {
    const rows = this.#statements.page.all(afterSeq, upToSeq, limit) as {
      seq: number;
      camera_id: string;
      at_ms: number;
      json: string;
    }[];
    return rows.map((row) => ({ seq: row.seq, cameraId: row.camera_id, atMs: row.at_ms, json: row.json }));
  }

  /** The last event of every object that has started and not ended, and of every zone that is too full. */
  live(): { objects: string[]; occupancies: string[] } {
    const json = (table: string) =>
      (this.#db.prepare(`SELECT json FROM ${table} ORDER BY rowid`).all() as { json: string }[]).map(
        (row) => row.json,
      );
    return { objects: json('live_objects'), occupancies: json('occupancies') };
  }

  settings(): SettingRow[] {
    const rows = this.#db.prepare('SELECT key, value, configured FROM settings').all() as SettingRow[];
    return rows.map(({ key, value, configured }) => ({ key, value, configured }));
  }

  saveSetting({ key, value, configured }: SettingRow): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO settings (key, value, configured) VALUES (?, ?, ?)')
      .run(key, value, configured);
  }

  forgetSetting(key: string): void {
    this.#db.prepare('DELETE FROM settings WHERE key = ?').run(key);
  }

  /** Drops what waits for too long and forgets history that is too old, a little at a time. @returns whether there is more */
  tidy(stamp: AgeStamp): boolean {
    const { outboxAgeMs, historyAgeMs } = this.#limits;
    const { oldestWaiting, oldestTold, dropUpTo, forgetUpTo } = this.#statements;
    const stale = olderThan(oldestWaiting.all(TIDY_ROWS), stamp.ageMs - outboxAgeMs);
    const old = olderThan(oldestTold.all(TIDY_ROWS), stamp.ageMs - historyAgeMs);
    if (stale === undefined && old === undefined) return false;
    this.#change(stamp, () => {
      const dropped = stale === undefined ? 0 : dropUpTo.run(stale.seq).changes;
      if (old !== undefined) forgetUpTo.run(old.seq);
      return { waiting: this.#waiting - dropped, dropped };
    });
    return stale?.count === TIDY_ROWS || old?.count === TIDY_ROWS;
  }

  /** Events that were lost with a damaged database, so that the counts of a new one go on. */
  takeOver(seq: number, dropped: number): void {
    this.#db.prepare('UPDATE progress SET seq = ?, dropped = ?').run(seq, dropped);
    this.#dropped = dropped;
  }

  close(): void {
    this.#db.close();
  }

  #change(stamp: AgeStamp, work: () => { waiting: number; dropped: number }): void {
    const { waiting, dropped } = inTransaction(this.#db, () => {
      const result = work();
      this.#statements.stamp.run(stamp.ageMs, stamp.wallMs, this.#dropped + result.dropped);
      return result;
    });
    // Only what is on disk counts.
    this.#waiting = waiting;
    this.#dropped += dropped;
  }

  #insert(row: EventRow, stamp: AgeStamp): void {
    const { seq, atMs, cameraId, type, json, change } = row;
    const objectId = change?.kind === 'object' ? change.objectId : null;
    this.#statements.insert.run(seq, stamp.ageMs, atMs, cameraId, type, objectId, json);
    if (this.#limits.outbox) this.#statements.wait.run(seq);
    if (change?.kind === 'object') {
      if (change.ended) this.#statements.objectEnded.run(change.objectId);
      else this.#statements.objectSeen.run(change.objectId, cameraId, json);
    } else if (change?.kind === 'occupancy') {
      if (change.cleared) this.#statements.cleared.run(cameraId, change.zone, change.rule);
      else this.#statements.occupied.run(cameraId, change.zone, change.rule, json);
    }
  }
}

/** The last of the first rows that are older than `ageMs`, and how many they are; undefined when none is. */
function olderThan(rows: readonly unknown[], ageMs: number): { seq: number; count: number } | undefined {
  const aged = rows as readonly { seq: number; age_ms: number }[];
  const firstYoung = aged.findIndex((row) => row.age_ms >= ageMs);
  const count = firstYoung < 0 ? aged.length : firstYoung;
  const last = aged[count - 1];
  return last === undefined ? undefined : { seq: last.seq, count };
}

function prepareAll(db: Database.Database) {
  return {
    insert: db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)'),
    wait: db.prepare('INSERT INTO outbox VALUES (?)'),
    acknowledge: db.prepare('DELETE FROM outbox WHERE seq = ?'),
    oldest: db.prepare('SELECT at_ms FROM events WHERE seq = (SELECT min(seq) FROM outbox)'),
    dropOldest: db.prepare('DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox ORDER BY seq LIMIT ?)'),
    // Ages grow with seq: what is too old are the first rows.
    oldestWaiting: db.prepare(
      'SELECT o.seq, e.age_ms FROM outbox o JOIN events e ON e.seq = o.seq ORDER BY o.seq LIMIT ?',
    ),
    oldestTold: db.prepare(
      `SELECT seq, age_ms FROM events WHERE seq < coalesce((SELECT min(seq) FROM outbox), 9e15)
       ORDER BY seq LIMIT ?`,
    ),
    dropUpTo: db.prepare('DELETE FROM outbox WHERE seq <= ?'),
    forgetUpTo: db.prepare('DELETE FROM events WHERE seq <= ?'),
    advance: db.prepare('UPDATE progress SET seq = ?, event_id = ?'),
    stamp: db.prepare('UPDATE progress SET age_ms = ?, wall_ms = ?, dropped = ?'),
    page: db.prepare(
      `SELECT e.seq, e.camera_id, e.at_ms, e.json FROM outbox o JOIN events e ON e.seq = o.seq
       WHERE o.seq > ? AND o.seq <= ? ORDER BY o.seq LIMIT ?`,
    ),
    objectSeen: db.prepare(
      'INSERT INTO live_objects VALUES (?, ?, ?) ON CONFLICT (object_id) DO UPDATE SET json = excluded.json',
    ),
    objectEnded: db.prepare('DELETE FROM live_objects WHERE object_id = ?'),
    occupied: db.prepare('INSERT OR REPLACE INTO occupancies VALUES (?, ?, ?, ?)'),
    cleared: db.prepare('DELETE FROM occupancies WHERE camera_id = ? AND zone = ? AND rule = ?'),
  };
}
