/** Tells a viewer that has gone without a word, by the bytes that have come of it. */
export class Silence {
  readonly #patience: number;
  #heardBytes = -1;
  #silentLooks = 0;

  /** @param patience after so many looks in a row without a further byte it has gone */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** @param bytes that have come in all; undefined when that cannot be told, which is as good as silence @returns true when it has gone */
  look(bytes: number | undefined): boolean {
    const isHeard = bytes !== undefined && bytes > this.#heardBytes;
    if (isHeard) this.#heardBytes = bytes;
    this.#silentLooks = isHeard ? 0 : this.#silentLooks + 1;
    return this.#silentLooks >= this.#patience;
  }
}
