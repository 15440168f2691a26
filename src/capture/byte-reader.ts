import type { ChunkSource } from './chunk-source.ts';

const NOTHING = new Uint8Array(0);

/**
 * Reads exact numbers of bytes, one read at a time. It asks for the next chunk as soon as it has used up one, and for no more
 * than that, so that an unread pipe holds its writer back.
 */
export class ByteReader {
  readonly #source: ChunkSource;
  #chunk: Uint8Array = NOTHING;
  #isAsking = false;
  #ended = false;
  /** Of the read in progress: where its bytes go (undefined: nowhere), how many are missing, and who waits for them. */
  #target: Uint8Array | undefined;
  #missing = 0;
  #done: ((complete: boolean) => void) | undefined;
  #isServing = false;

  constructor(source: ChunkSource) {
    this.#source = source;
  }

  /** Fills `target`. False when the source ended before. */
  readInto(target: Uint8Array): Promise<boolean> {
    return new Promise((resolve) => this.fill(target, resolve));
  }

  /** Reads and forgets `bytes` bytes. False when the source ended before. */
  skip(bytes: number): Promise<boolean> {
    return new Promise((resolve) => this.pass(bytes, resolve));
  }

  /** As `readInto`; `done` is called with the last byte, at once where that is there. */
  fill(target: Uint8Array, done: (complete: boolean) => void): void {
    this.#begin(target, target.length, done);
  }

  /** As `skip`; `done` is called with the last byte, at once where that is there. */
  pass(bytes: number, done: (complete: boolean) => void): void {
    this.#begin(undefined, bytes, done);
  }

  #begin(target: Uint8Array | undefined, bytes: number, done: (complete: boolean) => void): void {
    this.#target = target;
    this.#missing = bytes;
    this.#done = done;
    this.#serve();
  }

  /** Goes on until the read waits for bytes or there is none. What `done` and the source call back meanwhile, this loop does. */
  #serve(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    do {
      this.#use();
      if (this.#missing === 0 || this.#ended) this.#settle();
      this.#ask();
    } while (this.#done !== undefined && (this.#chunk.length > 0 || this.#missing === 0 || this.#ended));
    this.#isServing = false;
  }

  #use(): void {
    if (this.#done === undefined || this.#chunk.length === 0) return;
    const part = this.#chunk.length > this.#missing ? this.#chunk.subarray(0, this.#missing) : this.#chunk;
    this.#target?.set(part, this.#target.length - this.#missing);
    this.#missing -= part.length;
    this.#chunk = this.#chunk.length === part.length ? NOTHING : this.#chunk.subarray(part.length);
  }

  #settle(): void {
    const done = this.#done;
    this.#done = undefined;
    this.#target = undefined;
    done?.(this.#missing === 0);
  }

  #ask(): void {
    if (this.#chunk.length > 0 || this.#isAsking || this.#ended) return;
    this.#isAsking = true;
    this.#source.next(this.#take);
  }

  readonly #take = (chunk: Uint8Array | undefined): void => {
    this.#isAsking = false;
    if (chunk === undefined) this.#ended = true;
    else this.#chunk = chunk;
    this.#serve();
  };
}
