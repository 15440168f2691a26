import { setPriority } from 'node:os';
import type { Clock } from '../../base/clock.ts';
import { abortError } from '../../base/clock.ts';
import { OcellusError } from '../../base/errors.ts';
import type { MediaFragment } from '../../flow/media.ts';
import { type ChildExit, startTool, type ToolProcess } from '../child-process.ts';
import { type ChunkSource, StreamChunks } from '../chunk-source.ts';
import { type StillPicture, stillArgs } from './still-args.ts';

export interface StillJob extends Omit<StillPicture, 'ptsMs'> {
  /** ffmpeg program. */
  readonly program: string;
  /** In decode order from a keyframe to the wanted picture, which is the last. Not empty, all of one stream. */
  readonly fragments: readonly MediaFragment[];
}

/** A picture at the size that the camera sent it, JPEG, and the part of it that was asked for. */
export interface Still {
  readonly picture: Buffer;
  readonly crop?: Buffer;
}

/** A group of pictures at 4K takes a slow and busy core so long. */
const DEADLINE_MS = 15_000;
const GRACE_MS = 500;
/** A JPEG of 8K at the best quality is smaller. */
const MOST_JPEG_BYTES = 32 * 1024 * 1024;
/** Niceness, 0..19: detection goes first. */
const NICENESS = 5;

/**
 * Decodes one picture of a camera's encoded video in an ffmpeg of its own, which is gone when this settles.
 *
 * @param signal ends the work early
 * @throws OcellusError `capture_failed` when there is no such picture in the fragments or they cannot be decoded,
 * `deadline_exceeded`, `tool_missing`; an `AbortError`
 */
export async function decodeStill(
  job: StillJob,
  clock: Clock,
  signal: AbortSignal,
  deadlineMs = DEADLINE_MS,
): Promise<Still> {
  const wanted = job.fragments.at(-1);
  if (wanted === undefined) throw new OcellusError('internal', 'a still of no fragments');
  if (signal.aborted) throw abortError();
  const tool = await startTool({
    program: job.program,
    args: stillArgs({ ...job, ptsMs: wanted.ptsMs }),
    aptPackage: 'ffmpeg',
    withInput: true,
    withMedia: job.crop !== undefined,
    clock,
  });
  const end = () => void tool.end(GRACE_MS);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  let late = false;
  const deadline = clock.after(deadlineMs, () => {
    late = true;
    end();
  });
  try {
    const { picture, crop, failure } = await readStill(tool, job);
    if (signal.aborted) throw abortError();
    if (late)
      throw new OcellusError('deadline_exceeded', `decoding a still took longer than ${deadlineMs} ms`);
    if (failure !== undefined) throw new OcellusError('capture_failed', failure);
    return { picture, ...(crop && { crop }) };
  } finally {
    deadline.cancel();
    signal.removeEventListener('abort', end);
    await tool.end(GRACE_MS);
  }
}

/** Feeds and reads the tool to its end. */
async function readStill(tool: ToolProcess, { fragments }: StillJob) {
  let problem = '';
  tool.eachErrorLine(
    (line) => {
      problem = line;
    },
    () => {},
  );
  feed(tool, fragments);
  const [picture, crop, exit] = await Promise.all([
    readAll(new StreamChunks(tool.stdout)),
    tool.media && readAll(tool.media),
    tool.exited,
  ]);
  const isWhole = exit.code === 0 && picture.length > 0 && crop?.length !== 0;
  return { picture, crop, failure: isWhole ? undefined : problem || howItEnded(exit) };
}

function feed(tool: ToolProcess, fragments: readonly MediaFragment[]): void {
  try {
    setPriority(tool.pid, NICENESS);
  } catch {
    // It has ended already, and how is told by its exit status.
  }
  // It closes its input as soon as it has the picture: what was still to be written is then of no use.
  tool.stdin.on('error', () => {});
  tool.stdin.write(fragments[0]!.stream.init);
  for (const { data } of fragments) tool.stdin.write(data);
  tool.stdin.end();
}

/** All that a source gives, up to `MOST_JPEG_BYTES`; what is longer is no picture, and counts as nothing. */
function readAll(source: ChunkSource): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve) => {
    const take = (chunk: Uint8Array | undefined): void => {
      if (chunk === undefined) {
        resolve(bytes <= MOST_JPEG_BYTES ? Buffer.concat(chunks) : Buffer.alloc(0));
        return;
      }
      bytes += chunk.length;
      // A chunk is valid until the next.
      if (bytes <= MOST_JPEG_BYTES) chunks.push(Buffer.from(chunk));
      source.next(take);
    };
    source.next(take);
  });
}

function howItEnded({ code, signal }: ChildExit): string {
  if (signal !== null) return `ffmpeg was killed by ${signal}`;
  return code === 0 ? 'the picture is not in the video' : `ffmpeg ended with status ${code}`;
}
