import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';

/** Of the configuration's text; the same text is the same revision. */
export function revisionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export interface Revision {
  readonly revision: string;
  /** When it was kept, ms since the epoch. */
  readonly atMs: number;
}

/** Revisions that are kept; the oldest go. */
const KEPT = 50;
const NAME = /^(\d{13})-([0-9a-f]{16})\.yaml$/;

/** Texts of the configuration as they were, one file each. They may hold passwords, and only their owner may read them. */
export class ConfigRevisions {
  readonly #folder: string;
  readonly #clock: Clock;

  /** @param folder made at first use */
  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Newest first. */
  async list(): Promise<Revision[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names
      .flatMap((name) => {
        const [, atMs, revision] = NAME.exec(name) ?? [];
        return atMs === undefined || revision === undefined ? [] : [{ revision, atMs: Number(atMs) }];
      })
      .sort((a, b) => b.atMs - a.atMs);
  }

  /** Keeps a text, unless the newest that is kept is the same. */
  async keep(text: string): Promise<void> {
    const known = await this.list();
    const revision = revisionOf(text);
    if (known[0]?.revision === revision) return;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    // Names order them, even two of one millisecond.
    const atMs = Math.max(this.#clock.wallMs(), (known[0]?.atMs ?? 0) + 1);
    const path = join(this.#folder, fileName({ revision, atMs }));
    await writeFile(`${path}.part`, text, { mode: 0o600 });
    await rename(`${path}.part`, path);
    const old = known
      .slice(KEPT - 1)
      .map((other) => rm(join(this.#folder, fileName(other)), { force: true }));
    await Promise.all(old);
  }

  /** The text of a revision; undefined when it is not kept. */
  async read(revision: string): Promise<string | undefined> {
    // Looked up, never made into a path.
    const found = (await this.list()).find((other) => other.revision === revision);
    return found === undefined ? undefined : readFile(join(this.#folder, fileName(found)), 'utf8');
  }
}

function fileName({ revision, atMs }: Revision): string {
  return `${String(atMs).padStart(13, '0')}-${revision}.yaml`;
}
