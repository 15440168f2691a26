import type { Writable } from 'node:stream';

/** How far a run over many photos has come, on one line of a terminal; elsewhere nothing is written. */
export class PhotoProgress {
  readonly #terminal: Writable | undefined;
  #shown = false;

  constructor(stderr: Writable) {
    this.#terminal = 'isTTY' in stderr && stderr.isTTY === true ? stderr : undefined;
  }

  show(done: number, of: number): void {
    this.#terminal?.write(`\r${done}/${of} photos `);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#terminal?.write('\r\x1b[K');
    this.#shown = false;
  }
}
