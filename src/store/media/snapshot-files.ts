import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Counters } from '../../base/counters.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { PART_SUFFIX } from './clip-file.ts';
import { syncFolder } from './sync-folder.ts';

/** Of the picture and, before it, of the crop. */
export const SNAPSHOT_SUFFIX = '.jpg';
export const CROP_SUFFIX = '.crop.jpg';

export interface SnapshotFilesOptions {
  readonly cameraId: string;
  /** Storage folder: links are relative to it. */
  readonly folder: string;
  /** False when the disk is too full for another picture. */
  readonly hasRoom: () => boolean;
  readonly log: Logger;
}

/** The best views of one camera's objects on disk: a picture and its crop per object, each replaced as a whole. */
export class SnapshotFiles {
  readonly outcomes = new Counters<'written' | 'disk_full' | 'write_failed' | 'too_many'>();
  readonly #options: SnapshotFilesOptions;
  readonly #log: Logger;
  /** The last outcome was a failure, and has been logged. */
  #isFailing = false;

  constructor(options: SnapshotFilesOptions) {
    this.#options = options;
    this.#log = options.log.child({ camera: options.cameraId });
  }

  /** True when a picture that is written now is expected to be there in a moment. */
  get isWritable(): boolean {
    return !this.#isFailing && this.#options.hasRoom();
  }

  /** Where an object's picture is, relative to the storage folder; its crop ends in `CROP_SUFFIX` instead. */
  linkOf({ objectId, startedAtMs }: { objectId: string; startedAtMs: number }): string {
    const time = new Date(startedAtMs).toISOString();
    const name = `${time.slice(11, 23).replaceAll(':', '-')}-${objectId}${SNAPSHOT_SUFFIX}`;
    return `snapshots/${this.#options.cameraId}/${time.slice(0, 10)}/${name}`;
  }

  /** Whether an earlier run left the picture there. Looks at the disk at once: for objects that this run knows nothing of. */
  exists(link: string): boolean {
    return existsSync(join(this.#options.folder, link));
  }

  /** Writes both, or says why not in the log, once. Never rejects. @returns whether they are there now */
  async save(link: string, { picture, crop }: { picture: Buffer; crop: Buffer }): Promise<boolean> {
    if (!this.#options.hasRoom()) {
      this.outcomes.add('disk_full');
      return false;
    }
    const path = join(this.#options.folder, link);
    try {
      await mkdir(dirname(path), { recursive: true });
      await replace(path.slice(0, -SNAPSHOT_SUFFIX.length) + CROP_SUFFIX, crop);
      await replace(path, picture);
      await syncFolder(dirname(path));
    } catch (error) {
      this.outcomes.add('write_failed');
      if (!this.#isFailing)
        this.#log.error({ snapshot: link, error: messageOf(error) }, 'best views cannot be written');
      this.#isFailing = true;
      return false;
    }
    this.outcomes.add('written');
    if (this.#isFailing) this.#log.info({}, 'best views are written again');
    this.#isFailing = false;
    return true;
  }
}

/** Nobody ever sees half a file: it gets its name when it is complete and durable. */
async function replace(path: string, data: Buffer): Promise<void> {
  const part = path + PART_SUFFIX;
  const file = await open(part, 'w');
  try {
    await file.writeFile(data);
    await file.datasync();
    await file.close();
    await rename(part, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(part, { force: true }).catch(() => {});
    throw error;
  }
}
