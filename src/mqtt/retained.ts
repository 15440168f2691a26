/**
 * The last value of every retained topic of this device, and which of them the broker does not have yet. Only the newest
 * value of a topic waits, so a broker that is away or slow costs no memory.
 */
export class Retained {
  readonly #values = new Map<string, string | Buffer>();
  readonly #dirty = new Set<string>();

  /** Topics that begin so, with their values. */
  under(prefix: string): (readonly [topic: string, value: string | Buffer])[] {
    return [...this.#values].filter(([topic, value]) => topic.startsWith(prefix) && value.length > 0);
  }

  has(topic: string): boolean {
    return this.#values.has(topic);
  }

  /** Sets a topic. An empty value clears it at the broker. */
  set(topic: string, value: string | Buffer): void {
    const before = this.#values.get(topic);
    if (before !== undefined && Buffer.from(before).equals(Buffer.from(value))) return;
    this.#values.set(topic, value);
    this.#dirty.add(topic);
  }

  /** Publishes a topic again, if it has a value. */
  repeat(topic: string): void {
    if (this.#values.has(topic)) this.#dirty.add(topic);
  }

  /** A broker that may know nothing: everything must be published, `last` after all else. */
  republish(last: string): void {
    for (const topic of this.#values.keys()) this.#dirty.add(topic);
    if (this.#dirty.delete(last)) this.#dirty.add(last);
  }

  /** The next value that the broker does not have; undefined when it has all. */
  next(): { topic: string; value: string | Buffer } | undefined {
    const [topic] = this.#dirty;
    if (topic === undefined) return undefined;
    this.#dirty.delete(topic);
    const value = this.#values.get(topic) ?? '';
    if (value.length === 0) this.#values.delete(topic);
    return { topic, value };
  }

  get isSettled(): boolean {
    return this.#dirty.size === 0;
  }
}
