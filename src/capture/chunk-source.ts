import type { Readable } from 'node:stream';
import { PipeReader } from './pipe-reader.ts';

/** Bytes as they come, chunk by chunk, at the consumer's pace. */
export interface ChunkSource {
  /** The next bytes, valid until the next call; undefined when there will be no more. One call at a time. */
  next(): Promise<Uint8Array | undefined>;
  /** Ends it: a `next` that waits gives undefined. Idempotent. */
  destroy(): void;
}

/** The chunks of any stream. */
export class StreamChunks implements ChunkSource {
  readonly #stream: Readable;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    const wake = () => this.#wake?.();
    const end = () => {
      this.#ended = true;
      wake();
    };
    stream.on('readable', wake);
    stream.once('end', end);
    stream.once('close', end);
    // A pipe that breaks is a stream that ended; why the writer ended is told by its exit status.
    stream.once('error', end);
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  destroy(): void {
    this.#stream.destroy();
  }
}

/** The chunks of a pipe's descriptor. */
export class PipeChunks implements ChunkSource {
  readonly #pipe: PipeReader;
  #chunk: Uint8Array | undefined;
  #ended = false;
  #waiting: ((chunk: Uint8Array | undefined) => void) | undefined;

  /** @param readFd is closed with this. @param bufferBytes most bytes of one chunk */
  constructor(readFd: number, bufferBytes: number) {
    const take = (chunk: Uint8Array) => {
      this.#chunk = chunk;
      this.#answer();
      // Nothing more until this is used up: the buffer is needed, and the writer is to be held back.
      return false;
    };
    const end = () => {
      this.#ended = true;
      this.#answer();
    };
    this.#pipe = new PipeReader(readFd, bufferBytes, take, end);
  }

  next(): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      if (this.#chunk !== undefined || this.#ended) this.#answer();
      else this.#pipe.resume();
    });
  }

  destroy(): void {
    this.#pipe.destroy();
  }

  #answer(): void {
    if (this.#waiting === undefined) return;
    const [answer, chunk] = [this.#waiting, this.#chunk];
    this.#waiting = undefined;
    this.#chunk = undefined;
    answer(chunk);
  }
}
