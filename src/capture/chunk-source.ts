import type { Readable } from 'node:stream';
import { PipeReader } from './pipe-reader.ts';

/** Gets bytes that are valid until the next are asked for; undefined when there will be no more. */
export type TakeChunk = (chunk: Uint8Array | undefined) => void;

/**
 * Bytes as they come, chunk by chunk, at the consumer's pace. By callback, as a picture takes a chunk or two: what waits for a
 * promise runs in a turn of its own, with the caches cold again.
 */
export interface ChunkSource {
  /** Asks for the next chunk. `take` is called once, at once where one is there. One call at a time. */
  next(take: TakeChunk): void;
  /** Ends it: a `take` that waits gets undefined. Idempotent. */
  destroy(): void;
}

/** The chunks of any stream. */
export class StreamChunks implements ChunkSource {
  readonly #stream: Readable;
  #ended = false;
  #waiting: TakeChunk | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    const end = () => {
      this.#ended = true;
      this.#answer();
    };
    stream.on('readable', () => this.#answer());
    stream.once('end', end);
    stream.once('close', end);
    // A pipe that breaks is a stream that ended; why the writer ended is told by its exit status.
    stream.once('error', end);
  }

  next(take: TakeChunk): void {
    this.#waiting = take;
    this.#answer();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #answer(): void {
    const take = this.#waiting;
    if (take === undefined) return;
    const chunk = this.#stream.read() as Buffer | null;
    if (chunk === null && !this.#ended) return;
    this.#waiting = undefined;
    take(chunk ?? undefined);
  }
}

/** The chunks of a pipe's descriptor. */
export class PipeChunks implements ChunkSource {
  readonly #pipe: PipeReader;
  #isReading = false;
  #ended = false;
  #waiting: TakeChunk | undefined;

  /** @param readFd is closed with this. @param bufferBytes most bytes of one chunk */
  constructor(readFd: number, bufferBytes: number) {
    const take = (chunk: Uint8Array) => {
      this.#answer(chunk);
      // Nothing more while this is in use: the buffer is needed, and the writer is to be held back.
      this.#isReading = this.#waiting !== undefined;
      return this.#isReading;
    };
    const end = () => {
      this.#ended = true;
      this.#answer(undefined);
    };
    this.#pipe = new PipeReader(readFd, bufferBytes, take, end);
  }

  next(take: TakeChunk): void {
    this.#waiting = take;
    if (this.#ended) this.#answer(undefined);
    else if (!this.#isReading) {
      this.#isReading = true;
      this.#pipe.resume();
    }
  }

  destroy(): void {
    this.#pipe.destroy();
  }

  #answer(chunk: Uint8Array | undefined): void {
    const take = this.#waiting;
    this.#waiting = undefined;
    take?.(chunk);
  }
}
