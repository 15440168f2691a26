/** Values from a callback to one reader that waits for them, in order. Whoever pushes must be held back by other means. */
export class AsyncQueue<T> {
  readonly #values: T[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  push(value: T): void {
    this.#values.push(value);
    this.#wake?.();
  }

  /** No more values: a reader gets what is left, then undefined. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async next(): Promise<T | undefined> {
    for (;;) {
      const value = this.#values.shift();
      if (value !== undefined || this.#ended) return value;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
