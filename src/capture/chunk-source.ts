import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { Readable } from 'node:stream';

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

/**
 * The chunks of a pipe's descriptor, all read into one buffer. A stream makes a buffer for every chunk instead, and at
 * megabytes a second the garbage collector then works as much as the rest of capture together.
 */
export class PipeChunks implements ChunkSource {
  readonly #socket: Socket;
  #chunk: Uint8Array | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  /** @param readFd is closed with this. @param bufferBytes most bytes of one chunk */
  constructor(readFd: number, bufferBytes: number) {
    const buffer = Buffer.allocUnsafeSlow(bufferBytes);
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    const options: SocketConstructorOpts & { onread: OnReadOpts } = {
      fd: readFd,
      readable: true,
      writable: false,
      onread: {
        buffer,
        callback: (bytes) => {
          this.#chunk = buffer.subarray(0, bytes);
          this.#wake?.();
          // Nothing more until this is used up: the buffer is needed, and the writer is to be held back.
          return false;
        },
      },
    };
    this.#socket = new Socket(options);
    this.#socket.once('end', end);
    this.#socket.once('close', end);
    this.#socket.once('error', end);
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#chunk === undefined && !this.#ended) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#socket.resume();
      await woken;
    }
    const chunk = this.#chunk;
    this.#chunk = undefined;
    return chunk;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
