import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../base/errors.ts';
import { tryProcessLock } from '../../base/process-lock.ts';
import { syncToDisk, writeDurably } from './durable-file.ts';
import { type EngineFacts, engineFactsSchema, engineKey, fileSha256, sameFacts } from './engine-key.ts';

/** Place of the cache in the storage folder. */
export const ENGINES_FOLDER = 'engines';

const MANIFEST = 'manifest.json';
/** Engines that nobody uses any more and that are kept all the same, for who goes back to an earlier version. */
const SPARE_ENGINES = 4;

const manifestSchema = z.strictObject({
  v: z.literal(1),
  facts: engineFactsSchema,
  /** Every file of the engine, with what it held when it was built. */
  files: z.array(z.strictObject({ name: z.string(), bytes: z.int(), sha256: z.string() })).min(1),
  builtAtMs: z.number(),
  tookMs: z.number().nonnegative(),
});

/** What lies in the cache for certain facts. */
export type CachedEngine =
  | { readonly state: 'sound'; readonly folder: string; readonly tookMs: number }
  | { readonly state: 'none' }
  | { readonly state: 'damaged'; readonly reason: string };

/**
 * Engines on disk, a folder for each, named by its key. A folder is believed only if its manifest tells of the same facts and of
 * files that are exactly there. The manifest is written last and the folder gets its name last, so that a build that was cut
 * short leaves nothing that could be believed.
 */
export class EngineCache {
  readonly folder: string;
  readonly #maxBytes: () => number;

  constructor(folder: string, maxBytes: () => number) {
    this.folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** Looks for an engine and reads it whole to check it. Never rejects: what cannot be read is damaged. */
  async find(facts: EngineFacts): Promise<CachedEngine> {
    const folder = this.#entry(engineKey(facts));
    try {
      const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')));
      if (!sameFacts(manifest.facts, facts)) return damaged('it was built for something else');
      for (const { name, bytes, sha256 } of manifest.files) {
        const path = join(folder, name);
        if ((await stat(path)).size !== bytes)
          return damaged(`${name} has another size than it was built with`);
        if ((await fileSha256(path)) !== sha256) return damaged(`${name} is not what was built`);
      }
      const unknown = (await filesOf(folder)).filter(
        (name) => name !== MANIFEST && !manifest.files.some((file) => file.name === name),
      );
      if (unknown.length > 0) return damaged(`it holds ${unknown[0]}, which was not built with it`);
      return { state: 'sound', folder, tookMs: manifest.tookMs };
    } catch (error) {
      const isThere = await stat(folder).then(
        () => true,
        () => false,
      );
      return isThere ? damaged(messageOf(error)) : { state: 'none' };
    }
  }

  /** A new folder for a build. @throws Error of the file system */
  async beginBuild(facts: EngineFacts): Promise<string> {
    await mkdir(this.folder, { recursive: true, mode: 0o750 });
    return mkdtemp(join(this.folder, `building-${engineKey(facts)}-`));
  }

  /**
   * Makes what was built the engine for these facts, in place of one that is there.
   * @param build of `beginBuild`, complete
   * @throws Error when it holds no engine, or of the file system: nothing of it is believed then
   */
  async commit(facts: EngineFacts, build: string, tookMs: number, nowMs: number): Promise<void> {
    const names = await filesOf(build);
    const files = [];
    for (const name of names) {
      const path = join(build, name);
      await syncToDisk(path);
      files.push({ name, bytes: (await stat(path)).size, sha256: await fileSha256(path) });
    }
    const engines = files.filter(({ name }) => name.endsWith('.engine'));
    if (engines.length === 0 || engines.some(({ bytes }) => bytes === 0))
      throw new Error('the build left no engine: TensorRT took no part of the model, or the disk is full');
    const manifest = { v: 1, facts, files, builtAtMs: nowMs, tookMs };
    await writeDurably(join(build, MANIFEST), JSON.stringify(manifest, null, 1));
    await this.discard(facts);
    await rename(build, this.#entry(engineKey(facts)));
    await syncToDisk(this.folder);
  }

  /** Removes what is left of a build that came to nothing; of one that was committed nothing is left. */
  async abandon(build: string): Promise<void> {
    await rm(build, { recursive: true, force: true });
  }

  /** Throws away what lies there for these facts. */
  async discard(facts: EngineFacts): Promise<void> {
    // Renamed first: a removal that is cut short must not leave half of an engine under its name.
    const dead = join(this.folder, `dead-${engineKey(facts)}-${process.pid}`);
    await rename(this.#entry(engineKey(facts)), dead).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rm(dead, { recursive: true, force: true });
  }

  /** Notes that the engine is in use now, which `prune` goes by. @param nowMs since the epoch */
  async noteUse(facts: EngineFacts, nowMs: number): Promise<void> {
    await utimes(join(this.#entry(engineKey(facts)), MANIFEST), nowMs / 1000, nowMs / 1000);
  }

  /**
   * Removes what builds left that were cut short, and of the engines that are not `inUse` the longest unused: at most four stay, and
   * at most so many bytes as the cache may have.
   */
  async prune(inUse: ReadonlySet<string>): Promise<void> {
    const names = await readdir(this.folder).catch(() => []);
    for (const name of names) {
      const key = /^(?:building|dead)-([0-9a-f]{32})-/.exec(name)?.[1];
      if (key !== undefined) await this.#removeLeftover(join(this.folder, name), key);
    }
    const entries = [];
    for (const key of names.filter((name) => /^[0-9a-f]{32}$/.test(name)))
      entries.push({ key, ...(await this.#measure(key)) });
    let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    const spare = entries.filter(({ key }) => !inUse.has(key)).sort((a, b) => b.usedMs - a.usedMs);
    while (spare.length > SPARE_ENGINES || (spare.length > 0 && bytes > this.#maxBytes())) {
      const oldest = spare.pop()!;
      await rm(this.#entry(oldest.key), { recursive: true, force: true });
      bytes -= oldest.bytes;
    }
  }

  /** What nobody is building any more. */
  async #removeLeftover(path: string, key: string): Promise<void> {
    const lock = await tryProcessLock(ENGINE_LOCK, `${this.folder}/${key}`);
    if (lock === undefined) return;
    await rm(path, { recursive: true, force: true }).finally(() => lock.release());
  }

  async #measure(key: string): Promise<{ bytes: number; usedMs: number }> {
    const folder = this.#entry(key);
    let bytes = 0;
    for (const name of await filesOf(folder)) bytes += (await stat(join(folder, name))).size;
    const { mtimeMs } = await stat(join(folder, MANIFEST)).catch(() => ({ mtimeMs: 0 }));
    return { bytes, usedMs: mtimeMs };
  }

  #entry(key: string): string {
    return join(this.folder, key);
  }
}

/** Kind of the lock that a builder holds; its subject is the folder of the cache, a slash and the engine's key. */
export const ENGINE_LOCK = 'engine';

function damaged(reason: string): CachedEngine {
  return { state: 'damaged', reason };
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}
