import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { MediaFragment } from '../../flow/media.ts';
import { withDuration } from './clip-duration.ts';
import { syncFolder } from './sync-folder.ts';

/** What a file is called until it is complete. */
export const PART_SUFFIX = '.part';
/** A disk that is this far behind will not catch up. */
const MOST_WAITING_BYTES = 32 * 1024 * 1024;

/**
 * One clip on disk: written as `<path>.part`, durable and under its own name only when it is complete. Times are moved so
 * that it begins at 0. Calls return at once; writes happen in order.
 */
export class ClipFile {
  readonly #path: string;
  readonly #failed: (error: unknown) => void;
  #file: FileHandle | undefined;
  #first: MediaFragment | undefined;
  #endTime = 0;
  #waiting = 0;
  #broken = false;
  #work: Promise<void>;

  /** @param failed called once, when the clip cannot be written any further */
  constructor(path: string, failed: (error: unknown) => void) {
    this.#path = path;
    this.#failed = failed;
    this.#work = Promise.resolve();
  }

  append(fragment: MediaFragment): void {
    if (this.#broken) return;
    const isFirst = this.#first === undefined;
    this.#first ??= fragment;
    const baseTime = this.#first.decodeTime;
    this.#endTime = fragment.decodeTime - baseTime + fragment.duration;
    const data = rebased(fragment, baseTime);
    this.#waiting += data.length;
    if (this.#waiting > MOST_WAITING_BYTES) {
      this.#fail(new Error('the disk is too slow'));
      return;
    }
    this.#then(async () => {
      if (isFirst) await this.#open(fragment.stream.init);
      await this.#file?.writeFile(data);
      this.#waiting -= data.length;
    });
  }

  /** Completes the file. Resolves to whether there is one now; never rejects. */
  async finish(): Promise<boolean> {
    const first = this.#first;
    this.#then(async () => {
      if (first === undefined || this.#file === undefined) return;
      const { init, timescale } = first.stream;
      const header = withDuration(init, this.#endTime / timescale);
      await this.#file.write(header, 0, header.length, 0);
      await this.#file.datasync();
      await this.#file.close();
      this.#file = undefined;
      await rename(this.#path + PART_SUFFIX, this.#path);
      await syncFolder(dirname(this.#path));
    });
    await this.#work;
    return first !== undefined && !this.#broken;
  }

  async #open(init: Uint8Array): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    this.#file = await open(this.#path + PART_SUFFIX, 'w');
    await this.#file.writeFile(init);
  }

  #then(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#broken ? undefined : step()))
      .catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#work = this.#work.then(async () => {
      await this.#file?.close().catch(() => {});
      this.#file = undefined;
      await rm(this.#path + PART_SUFFIX, { force: true }).catch(() => {});
    });
    this.#failed(error);
  }
}

/** A copy whose decode time counts from `baseTime`; never below 0, where a camera's clock stepped back. */
function rebased(fragment: MediaFragment, baseTime: number): Uint8Array {
  const data = new Uint8Array(fragment.data);
  const time = Math.max(0, fragment.decodeTime - baseTime);
  new DataView(data.buffer).setBigUint64(fragment.decodeTimeAt, BigInt(time));
  return data;
}
