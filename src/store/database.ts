import { accessSync, constants, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { messageOf, OcellusError } from '../base/errors.ts';
import { migrations } from './migrations/migrations.ts';

/** WAL pages after which they are moved into the database, and the size that the WAL is cut back to. */
const CHECKPOINT_PAGES = 1_000;
const WAL_BYTES = 4 * 1024 * 1024;

export const DATABASE_FILE = 'events.db';

/** True when the database's own bytes are wrong, as opposed to a disk that cannot take more. */
export function isDamage(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB');
}

/** What SQLite and the file system say of a disk that is full, read-only or broken, as opposed to a folder that is the wrong one. */
const REFUSALS = /^(SQLITE_(FULL|IOERR|READONLY)|ENOSPC$|EDQUOT$|EROFS$|EIO$)/;

/**
 * True when the disk takes nothing now and may do so again: it is full, or has a store and has become read-only, as file
 * systems do after an error. A read-only folder without a store was never meant to be written.
 */
export function isDiskRefusal(thrown: unknown, folder: string): boolean {
  const code = codeOf(thrown instanceof OcellusError ? thrown.cause : thrown);
  return REFUSALS.test(code) && (code !== 'EROFS' || existsSync(join(folder, DATABASE_FILE)));
}

/** @throws OcellusError `store_failed` when the folder is not there and cannot be made, or may not be written */
export function prepareFolder(folder: string): void {
  const hint = `set storage.path to a folder that the user of the daemon may write, or make ${folder} and give it to that user`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const readOnly = (error as NodeJS.ErrnoException).code === 'EROFS';
    const why = readOnly ? 'its file system is read-only' : messageOf(error);
    throw new OcellusError('store_failed', `the store's folder ${folder} cannot be written: ${why}`, {
      hint: readOnly ? 'remount it writable, or set storage.path to another disk' : hint,
      cause: error,
    });
  }
}

/**
 * Opens the database and brings its schema up to date. It stays locked until closed or until the process dies, and
 * since nobody shares it, its WAL needs no shared memory.
 * @param check read all of it and look for damage
 * @throws OcellusError `store_locked`, `store_failed`; what SQLite says of damage
 */
export function openDatabase(folder: string, check: boolean, maxPages: number | null): Database.Database {
  const path = join(folder, DATABASE_FILE);
  let db: Database.Database | undefined;
  try {
    db = new Database(path);
    // In this order: a connection that is exclusive before it enters WAL mode keeps its lock.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.exec(`PRAGMA journal_size_limit = ${WAL_BYTES}`);
    if (maxPages !== null) db.exec(`PRAGMA max_page_count = ${maxPages}`);
    if (check) checkIntegrity(db);
    migrate(db, path);
    return db;
  } catch (error) {
    db?.close();
    throw asStoreError(error, path);
  }
}

/** Runs `work` in one transaction: all of it is on disk when this returns, or nothing. */
export function inTransaction<T>(db: Database.Database, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite ends the transaction itself when the disk is full.
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Moves a damaged database out of the way, for people to look at. @returns its new path */
export function setAside(folder: string, wallMs: number): string {
  const path = join(folder, DATABASE_FILE);
  const stamp = new Date(wallMs).toISOString().replaceAll(/[:.]/g, '-');
  const aside = `${path}.corrupt-${stamp}`;
  renameSync(path, aside);
  for (const tail of ['-wal', '-journal']) {
    if (existsSync(path + tail)) renameSync(path + tail, aside + tail);
  }
  return aside;
}

/** What a damaged database still tells of its counts; undefined when even that cannot be read. */
export interface Salvage {
  readonly seq: number;
  readonly dropped: number;
}

/** What could be read of a database before it turned out to be damaged. */
export function salvageOf(thrown: unknown): Salvage | undefined {
  return thrown instanceof Error && 'salvage' in thrown ? (thrown.salvage as Salvage | undefined) : undefined;
}

function salvage(db: Database.Database): Salvage | undefined {
  try {
    return db.prepare('SELECT seq, dropped FROM progress').get() as Salvage | undefined;
  } catch {
    return undefined;
  }
}

function checkIntegrity(db: Database.Database): void {
  const known = salvage(db);
  let verdict: string;
  try {
    const [row] = db.pragma('quick_check(1)') as { quick_check?: string }[];
    verdict = row?.quick_check ?? 'no answer';
  } catch (error) {
    if (!isDamage(error)) throw error;
    verdict = messageOf(error);
  }
  if (verdict !== 'ok') throw Object.assign(new Error(verdict), { code: 'SQLITE_CORRUPT', salvage: known });
}

function migrate(db: Database.Database, path: string): void {
  const [row] = db.pragma('user_version') as { user_version: number }[];
  const version = row?.user_version ?? 0;
  if (version > migrations.length) {
    throw new OcellusError(
      'store_failed',
      `${path} was written by a newer version of Ocellus (schema ${version}, this one knows ${migrations.length})`,
      { hint: 'install that version again, or set storage.path to another folder' },
    );
  }
  if (version === 0 && hasTables(db)) {
    throw new OcellusError('store_failed', `${path} is a database, but not of Ocellus`, {
      hint: 'set storage.path to a folder of its own',
    });
  }
  // A full disk takes not even the version that it has.
  if (version === migrations.length) return;
  inTransaction(db, () => {
    for (const migration of migrations.slice(version)) db.exec(migration);
    db.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

function hasTables(db: Database.Database): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table'").all().length > 0;
}

function asStoreError(error: unknown, path: string): unknown {
  if (error instanceof OcellusError || isDamage(error)) return error;
  if (codeOf(error).startsWith('SQLITE_BUSY')) {
    return new OcellusError('store_locked', `another Ocellus has ${path} open`, {
      hint: 'end it first, or give each a storage.path of its own',
      cause: error,
    });
  }
  return new OcellusError('store_failed', `${path} cannot be opened: ${messageOf(error)}`, {
    hint: 'check that the user of the daemon may read and write it, and that the disk has space',
    cause: error,
  });
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
