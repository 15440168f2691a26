import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { PART_SUFFIX } from './clip-file.ts';
import { completeTornClip } from './torn-clip.ts';

/** Beside a file, it keeps the file for good: `<file>.keep`. */
export const KEEP_SUFFIX = '.keep';
const SWEEP_MS = 120_000;
const FREE_CHECK_MS = 2_000;
const DAY_MS = 86_400_000;

export interface MediaRetentionOptions {
  /** Storage folder. */
  readonly folder: string;
  /** Of `clips/`. */
  readonly maxBytes: number;
  readonly maxDays: number;
  /** Disk space that stays free. */
  readonly reserveBytes: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps clips within their days and bytes, oldest first, and watches the room that is left on the disk. */
export class MediaRetention {
  readonly name = 'media retention';
  readonly #options: MediaRetentionOptions;
  #hasRoom = true;
  #timers: Timer[] = [];
  #closed = false;

  constructor(options: MediaRetentionOptions) {
    this.#options = options;
  }

  /** False while the disk has less than the reserve, as of some seconds ago. */
  get hasRoom(): boolean {
    return this.#hasRoom;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#completeParts();
    await this.#checkRoom();
    await this.#sweepAgain();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
  }

  /** Removes what is too old or too much. Never rejects. */
  async sweep(): Promise<void> {
    const { folder, maxBytes, maxDays, clock, log } = this.#options;
    try {
      const clips = await this.#files();
      const kept = new Set(clips.filter(({ path }) => path.endsWith(KEEP_SUFFIX)).map(({ path }) => path));
      const removable = clips
        .filter(({ path }) => path.endsWith('.mp4') && !kept.has(path + KEEP_SUFFIX))
        .sort((a, b) => a.modifiedAtMs - b.modifiedAtMs);
      let bytes = clips.reduce((sum, clip) => sum + clip.bytes, 0);
      const oldestMs = clock.wallMs() - maxDays * DAY_MS;
      for (const clip of removable) {
        if (clip.modifiedAtMs >= oldestMs && bytes <= maxBytes) break;
        await rm(join(folder, clip.path), { force: true });
        bytes -= clip.bytes;
      }
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'old clips could not be removed');
    }
  }

  async #files(): Promise<{ path: string; bytes: number; modifiedAtMs: number }[]> {
    const { folder } = this.#options;
    const names = await readdir(join(folder, 'clips'), { recursive: true }).catch(() => []);
    const files = [];
    for (const name of names) {
      const path = join('clips', name);
      const facts = await stat(join(folder, path)).catch(() => undefined);
      if (facts?.isFile()) files.push({ path, bytes: facts.size, modifiedAtMs: facts.mtimeMs });
    }
    return files;
  }

  /** What a crash left is playable as far as it goes. */
  async #completeParts(): Promise<void> {
    const { folder, log } = this.#options;
    for (const { path } of await this.#files()) {
      if (!path.endsWith(PART_SUFFIX)) continue;
      await completeTornClip(join(folder, path)).catch((error: unknown) =>
        log.warn({ clip: path, error: messageOf(error) }, 'clip is lost'),
      );
    }
  }

  async #checkRoom(): Promise<void> {
    const { folder, reserveBytes, clock, log } = this.#options;
    const free = await statfs(folder).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => undefined,
    );
    // A folder that is not there yet is made by the first clip.
    const hasRoom = free === undefined || free > reserveBytes;
    if (!hasRoom && this.#hasRoom)
      log.warn({ freeBytes: free }, 'disk nearly full: nothing is recorded for now');
    this.#hasRoom = hasRoom;
    if (!this.#closed) this.#timers[0] = clock.after(FREE_CHECK_MS, () => void this.#checkRoom());
  }

  async #sweepAgain(): Promise<void> {
    await this.sweep();
    if (!this.#closed) this.#timers[1] = this.#options.clock.after(SWEEP_MS, () => void this.#sweepAgain());
  }
}
