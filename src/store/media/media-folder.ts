import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from './sync-folder.ts';

/** Beside a file, it keeps the file for good: `<file>.keep`. */
export const KEEP_SUFFIX = '.keep';
/** Files that are removed before others get a turn. */
const BATCH = 100;

interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
  readonly isKept: boolean;
}

interface DayFolder {
  readonly path: string;
  readonly modifiedAtMs: number;
  readonly bytes: number;
  /** Of the files that may be removed; infinite when there are none. */
  readonly oldestAtMs: number;
}

export interface MediaLimits {
  readonly maxBytes: number;
  /** Files that were changed before are removed, ms since the epoch. */
  readonly oldestAtMs: number;
}

/**
 * Files of one kind, as `<folder>/<camera>/<yyyy-mm-dd>/<file>`. A day's files are looked at again only when something has changed
 * in its folder: there may be a hundred thousand.
 */
export class MediaFolder {
  readonly #folder: string;
  readonly #mainOf: (path: string) => string;
  #known = new Map<string, DayFolder>();

  /** @param mainOf the file that a file belongs to: kept with it */
  constructor(folder: string, mainOf: (path: string) => string = (path) => path) {
    this.#folder = folder;
    this.#mainOf = mainOf;
  }

  /**
   * Removes what is beyond the limits: oldest day first, in a day the file that was not changed for longest.
   * @param pause is awaited between batches; false: no more now
   */
  async sweep({ maxBytes, oldestAtMs }: MediaLimits, pause: () => Promise<boolean>): Promise<void> {
    const days = await this.#days();
    let bytes = 0;
    for (const folders of days.values()) for (const folder of folders) bytes += folder.bytes;
    let removed = 0;
    for (const day of [...days.keys()].sort()) {
      const folders = days.get(day)!;
      if (bytes <= maxBytes && folders.every((folder) => folder.oldestAtMs >= oldestAtMs)) continue;
      const files = (await Promise.all(folders.map(({ path }) => this.#files(path)))).flat();
      for (const file of removable(files)) {
        if (file.modifiedAtMs >= oldestAtMs && bytes <= maxBytes) break;
        await rm(file.path, { force: true });
        bytes -= file.bytes;
        removed += 1;
        if (removed % BATCH === 0 && !(await pause())) return;
      }
      for (const { path } of folders) {
        await syncFolder(path);
        // Only an empty one goes; whoever writes into it makes it anew.
        await rmdir(path).catch(() => {});
      }
    }
  }

  /** Paths of all files that end so. */
  async filesEndingIn(suffix: string): Promise<string[]> {
    const names = await readdir(this.#folder, { recursive: true }).catch(() => []);
    return names.filter((name) => name.endsWith(suffix)).map((name) => join(this.#folder, name));
  }

  async #days(): Promise<Map<string, DayFolder[]>> {
    const days = new Map<string, DayFolder[]>();
    const known = new Map<string, DayFolder>();
    for (const camera of await subfolders(this.#folder)) {
      for (const day of await subfolders(join(this.#folder, camera))) {
        const folder = await this.#dayFolder(join(this.#folder, camera, day));
        if (folder === undefined) continue;
        known.set(folder.path, folder);
        days.set(day, [...(days.get(day) ?? []), folder]);
      }
    }
    this.#known = known;
    return days;
  }

  async #dayFolder(path: string): Promise<DayFolder | undefined> {
    const facts = await stat(path).catch(() => undefined);
    if (facts === undefined) return undefined;
    const known = this.#known.get(path);
    if (known?.modifiedAtMs === facts.mtimeMs) return known;
    const files = await this.#files(path);
    return {
      path,
      modifiedAtMs: facts.mtimeMs,
      bytes: files.reduce((sum, file) => sum + file.bytes, 0),
      oldestAtMs: removable(files)[0]?.modifiedAtMs ?? Number.POSITIVE_INFINITY,
    };
  }

  async #files(folder: string): Promise<StoredFile[]> {
    const names = await readdir(folder).catch(() => []);
    const kept = new Set(names.filter((name) => name.endsWith(KEEP_SUFFIX)));
    const files: StoredFile[] = [];
    for (const name of names) {
      const path = join(folder, name);
      const facts = await stat(path).catch(() => undefined);
      if (!facts?.isFile()) continue;
      const isKept = [name, this.#mainOf(name)].some((main) => kept.has(main + KEEP_SUFFIX));
      files.push({ path, bytes: facts.size, modifiedAtMs: facts.mtimeMs, isKept });
    }
    return files;
  }
}

/** What may go, oldest first. Files in the making, and marks, are not in it. */
function removable(files: readonly StoredFile[]): StoredFile[] {
  return files
    .filter(({ path, isKept }) => !isKept && MEDIA_SUFFIXES.some((suffix) => path.endsWith(suffix)))
    .sort((a, b) => a.modifiedAtMs - b.modifiedAtMs);
}

const MEDIA_SUFFIXES = ['.mp4', '.jpg'];

async function subfolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
