import type { ChunkSource } from './chunk-source.ts';

/** Reads exact numbers of bytes. Nothing is read ahead, so an unread pipe holds its writer back. */
export class ByteReader {
  readonly #source: ChunkSource;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(source: ChunkSource) {
    this.#source = source;
  }

  /** Fills `target`. False when the source ended before. */
  readInto(target: Uint8Array): Promise<boolean> {
    return this.#take(target.length, (chunk, at) => target.set(chunk, at));
  }

  /** Reads and forgets `bytes` bytes. False when the source ended before. */
  skip(bytes: number): Promise<boolean> {
    return this.#take(bytes, () => {});
  }

  async #take(bytes: number, use: (chunk: Uint8Array, at: number) => void): Promise<boolean> {
    let at = 0;
    while (at < bytes) {
      if (this.#chunk.length === 0) {
        const chunk = await this.#source.next();
        if (chunk === undefined) return false;
        this.#chunk = chunk;
      }
      const part = this.#chunk.subarray(0, bytes - at);
      use(part, at);
      at += part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
    return true;
  }
}
