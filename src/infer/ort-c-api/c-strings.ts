import { addressOf, type Pointer } from './ort-api.ts';

/** An array of C strings at a fixed address. */
export class CStrings {
  readonly address: Pointer;
  readonly #strings: readonly Buffer[];
  readonly #pointers: BigUint64Array;

  constructor(texts: readonly string[]) {
    this.#strings = texts.map((text) => Buffer.from(`${text}\0`));
    this.#pointers = BigUint64Array.from(this.#strings, addressOf);
    this.address = addressOf(this.#pointers);
  }
}
