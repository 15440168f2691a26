import type { Readable } from 'node:stream';

/** Reads exact numbers of bytes from a stream. Nothing is read ahead, so an unread pipe holds its writer back. */
export class ByteReader {
  readonly #stream: Readable;
  #chunk: Uint8Array = new Uint8Array(0);
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

  /** Fills `target`. False when the stream ended before. */
  async readInto(target: Uint8Array): Promise<boolean> {
    return this.#take(target.length, (chunk, at) => target.set(chunk, at));
  }

  /** Reads and forgets `bytes` bytes. False when the stream ended before. */
  async skip(bytes: number): Promise<boolean> {
    return this.#take(bytes, () => {});
  }

  async #take(bytes: number, use: (chunk: Uint8Array, at: number) => void): Promise<boolean> {
    let at = 0;
    while (at < bytes) {
      if (this.#chunk.length === 0 && !(await this.#next())) return false;
      const part = this.#chunk.subarray(0, bytes - at);
      use(part, at);
      at += part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
    return true;
  }

  async #next(): Promise<boolean> {
    for (;;) {
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk !== null) {
        this.#chunk = chunk;
        return true;
      }
      if (this.#ended) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
