/** One place: the newest value replaces an unread one. The replaced value goes to `dropped`, which must release it. */
export class Mailbox<T> {
  readonly #dropped: (value: T) => void;
  #value: T | undefined;

  constructor(dropped: (value: T) => void) {
    this.#dropped = dropped;
  }

  get isEmpty(): boolean {
    return this.#value === undefined;
  }

  put(value: T): void {
    const unread = this.#value;
    this.#value = value;
    if (unread !== undefined) this.#dropped(unread);
  }

  /** The newest value, which is the caller's now; undefined when there is none. */
  take(): T | undefined {
    const value = this.#value;
    this.#value = undefined;
    return value;
  }

  /** Drops what is unread. */
  clear(): void {
    const unread = this.take();
    if (unread !== undefined) this.#dropped(unread);
  }
}
