/** The newest values of something that is sampled, for a small chart. */
export class History {
  readonly #length: number;
  #values: readonly number[] = [];

  /** @param length how many are kept */
  constructor(length: number) {
    this.#length = length;
  }

  /** Oldest first. */
  get values(): readonly number[] {
    return this.#values;
  }

  add(value: number): void {
    this.#values = [...this.#values.slice(1 - this.#length), value];
  }
}
