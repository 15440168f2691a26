import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { messageOf, OcellusError } from '../base/errors.ts';

/** Where the bytes of a part came from, so that the rest may be asked for. */
const originSchema = z.object({ url: z.string(), validator: z.string().nullable() });
export type PartOrigin = z.infer<typeof originSchema>;

/** Space that is left alone on the disk. */
const SPARE_BYTES = 16 * 1024 * 1024;

/**
 * The file under which a download grows, `<file>.part`, and what is known of its origin, `<file>.part.json`. Both outlive
 * the process, however it ends; the model's own name is taken only by a complete, checked and synced file.
 */
export class PartFile {
  readonly #file: string;
  readonly path: string;
  readonly #originPath: string;

  constructor(file: string) {
    this.#file = file;
    this.path = `${file}.part`;
    this.#originPath = `${file}.part.json`;
  }

  /** Bytes that are there. */
  get size(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Where they came from; undefined when that is not known. */
  get origin(): PartOrigin | undefined {
    if (!existsSync(this.#originPath)) return undefined;
    try {
      return originSchema.parse(JSON.parse(readFileSync(this.#originPath, 'utf8')));
    } catch {
      // Torn by a power cut: the download then starts anew.
      return undefined;
    }
  }

  /** Opens it for more bytes at `from`, what is beyond is cut off. @throws OcellusError `io_failed` */
  async openAt(from: number, origin: PartOrigin): Promise<FileHandle> {
    try {
      await mkdir(dirname(this.path), { recursive: true });
      await writeFile(this.#originPath, JSON.stringify(origin));
      const handle = await open(this.path, existsSync(this.path) ? 'r+' : 'w');
      await handle.truncate(from);
      return handle;
    } catch (cause) {
      throw diskError(this.path, cause);
    }
  }

  /** @throws OcellusError `io_failed` when the disk has no room for `bytes` more */
  async requireSpace(bytes: number): Promise<void> {
    const folder = dirname(this.path);
    await mkdir(folder, { recursive: true }).catch((cause) => {
      throw diskError(folder, cause);
    });
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize >= bytes + SPARE_BYTES) return;
    throw new OcellusError(
      'io_failed',
      `${folder} has ${Math.floor((bavail * bsize) / 1e6)} MB left, and ${Math.ceil((bytes + SPARE_BYTES) / 1e6)} MB are needed`,
      { hint: 'make room, or name another folder with --dir' },
    );
  }

  async sha256(): Promise<string> {
    return sha256Of(this.path);
  }

  /** Gives the part its name, durably. @throws OcellusError `io_failed` */
  async complete(): Promise<void> {
    try {
      const handle = await open(this.path, 'r+');
      await handle.sync().finally(() => handle.close());
      await rename(this.path, this.#file);
      const folder = await open(dirname(this.#file), 'r');
      await folder.sync().finally(() => folder.close());
      await rm(this.#originPath, { force: true });
    } catch (cause) {
      throw diskError(this.#file, cause);
    }
  }

  async discard(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(this.#originPath, { force: true });
  }
}

/** SHA-256 of a file in hexadecimal. @throws OcellusError `io_failed` */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (cause) {
    throw diskError(path, cause);
  }
  return hash.digest('hex');
}

/** What the disk refused. */
export function diskError(path: string, cause: unknown): OcellusError {
  const full = cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC';
  return new OcellusError('io_failed', `cannot write ${path}: ${messageOf(cause)}`, {
    hint: full
      ? 'the disk is full: make room and pull again, what was fetched is kept'
      : 'check that the folder exists and can be written, or name another one with --dir',
    cause,
  });
}
