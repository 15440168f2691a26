import { rm, statfs } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Clock, Timer } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { PART_SUFFIX } from './clip-file.ts';
import { MediaFolder } from './media-folder.ts';
import { CROP_SUFFIX, SNAPSHOT_SUFFIX } from './snapshot-files.ts';
import { completeTornClip } from './torn-clip.ts';

const SWEEP_MS = 120_000;
const FREE_CHECK_MS = 2_000;
/** Between batches of removed files: an SD card that deletes does nothing else. */
const PAUSE_MS = 200;
const DAY_MS = 86_400_000;

/** How much of one kind is kept. */
export interface KeepLimits {
  readonly maxBytes: number;
  readonly maxDays: number;
}

export interface MediaLimits {
  /** Of `clips/`. */
  readonly clips: KeepLimits;
  /** Of `snapshots/`. */
  readonly snapshots: KeepLimits;
  /** Disk space that stays free. */
  readonly reserveBytes: number;
}

export interface MediaRetentionOptions extends MediaLimits {
  /** Storage folder. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps clips and best views within their days and bytes, oldest first, and watches the room that is left on the disk. */
export class MediaRetention {
  readonly name = 'media retention';
  #options: MediaRetentionOptions;
  readonly #clips: MediaFolder;
  readonly #snapshots: MediaFolder;
  readonly #abort = new AbortController();
  #hasRoom = true;
  #timers: Timer[] = [];

  constructor(options: MediaRetentionOptions) {
    this.#options = options;
    this.#clips = new MediaFolder(join(options.folder, 'clips'));
    this.#snapshots = new MediaFolder(join(options.folder, 'snapshots'), (path) =>
      path.endsWith(CROP_SUFFIX) ? path.slice(0, -CROP_SUFFIX.length) + SNAPSHOT_SUFFIX : path,
    );
  }

  /** False while the disk has less than the reserve, as of some seconds ago. */
  get hasRoom(): boolean {
    return this.#hasRoom;
  }

  /** Goes by other limits from the next look at the disk on. */
  limit(limits: MediaLimits): void {
    this.#options = { ...this.#options, ...limits };
  }

  /** Resolves when what a crash left is dealt with; what is too much goes later. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#completeParts();
    await this.#checkRoom();
    void this.#sweepAgain();
  }

  async close(): Promise<void> {
    this.#abort.abort();
    for (const timer of this.#timers) timer.cancel();
  }

  /** Removes what is too old or too much. Never rejects. */
  async sweep(): Promise<void> {
    const { clips, snapshots, clock, log } = this.#options;
    const { signal } = this.#abort;
    const pause = () =>
      clock.sleep(PAUSE_MS, signal).then(
        () => true,
        () => false,
      );
    for (const [folder, { maxBytes, maxDays }] of [
      [this.#clips, clips],
      [this.#snapshots, snapshots],
    ] as const) {
      try {
        await folder.sweep({ maxBytes, oldestAtMs: clock.wallMs() - maxDays * DAY_MS }, pause);
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'old clips or best views could not be removed');
      }
    }
  }

  /** What a crash left of a clip is playable as far as it goes; half a JPEG is of no use. */
  async #completeParts(): Promise<void> {
    const { folder, log } = this.#options;
    for (const path of await this.#clips.filesEndingIn(PART_SUFFIX)) {
      await completeTornClip(path).catch((error: unknown) =>
        log.warn({ clip: relative(folder, path), error: messageOf(error) }, 'clip is lost'),
      );
    }
    for (const path of await this.#snapshots.filesEndingIn(PART_SUFFIX))
      await rm(path, { force: true }).catch(() => {});
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
      log.warn({ freeBytes: free }, 'disk nearly full: nothing is recorded for now, and no best view kept');
    this.#hasRoom = hasRoom;
    if (!this.#abort.signal.aborted)
      this.#timers[0] = clock.after(FREE_CHECK_MS, () => void this.#checkRoom());
  }

  async #sweepAgain(): Promise<void> {
    await this.sweep();
    if (!this.#abort.signal.aborted)
      this.#timers[1] = this.#options.clock.after(SWEEP_MS, () => void this.#sweepAgain());
  }
}
