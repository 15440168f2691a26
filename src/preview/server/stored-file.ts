import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { addAbortSignal } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from './problem.ts';

/** Folders of the storage folder that hold what events link to. */
const LINKED_FOLDERS = ['clips', 'snapshots'] as const;

const GONE = new HttpProblem(
  404,
  'it is not there: never recorded, not complete yet, or removed to make room',
);

/**
 * Opens what an event links to. Links come from this program's own store, and are held to be hostile all the same.
 * @param link relative to the storage folder
 * @throws HttpProblem 404 when there is no such file inside the folders of what is recorded
 */
export async function openLinked(storagePath: string, link: string): Promise<FileHandle> {
  const inside = LINKED_FOLDERS.some((folder) => link.startsWith(`${folder}/`));
  if (!inside || link.includes('\0')) throw GONE;
  try {
    const root = await realpath(storagePath);
    const path = await realpath(join(root, link));
    // What a symbolic link leads to elsewhere is not ours to show.
    if (!LINKED_FOLDERS.some((folder) => path.startsWith(join(root, folder) + sep))) throw GONE;
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (error) {
    if (error instanceof HttpProblem) throw error;
  }
  throw GONE;
}

export interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/**
 * The header `Range` for a file of so many bytes (RFC 9110, 14.2).
 * @returns undefined: all of it, as for several ranges at once; null: there is no such part
 */
export function parseRange(header: string | undefined, bytes: number): ByteRange | null | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), bytes);
    return length === 0 ? null : { start: bytes - length, end: bytes - 1 };
  }
  const [start, end] = [Number(first), last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)];
  if (last !== '' && Number(last) < start) return undefined;
  return start >= bytes ? null : { start, end };
}

/** Replies with a file, or the part of it that was asked for. Closes the handle in any case. */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  handle: FileHandle,
  type: string,
): Promise<FastifyReply> {
  try {
    const { size, mtimeMs } = await handle.stat();
    const etag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`;
    reply
      .type(type)
      .header('accept-ranges', 'bytes')
      .header('etag', etag)
      // Kept by this browser alone, and asked about each time.
      .header('cache-control', 'private, no-cache');
    if (request.headers['if-none-match'] === etag) {
      await handle.close();
      return reply.code(304).send();
    }
    const ifRange = request.headers['if-range'];
    const range =
      ifRange !== undefined && ifRange !== etag ? undefined : parseRange(request.headers.range, size);
    if (range === null) {
      throw new HttpProblem(416, `there are ${size} bytes`, {
        headers: { 'content-range': `bytes */${size}` },
      });
    }
    const { start, end } = range ?? { start: 0, end: size - 1 };
    if (range !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
    reply.header('content-length', end - start + 1);
    if (size === 0) {
      await handle.close();
      return reply.send('');
    }
    const content = handle.createReadStream({ start, end, highWaterMark: 64 * 1024 });
    return reply.send(request.loggedOut === null ? content : addAbortSignal(request.loggedOut, content));
  } catch (error) {
    await handle.close();
    throw error;
  }
}
