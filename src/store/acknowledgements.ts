import type { Clock, Timer } from '../base/clock.ts';

const DELAY_MS = 1_000;
const MOST_EVENTS = 500;

/**
 * Events that the broker has and the disk does not know of yet. They ride with the next commit, or have one of their own
 * after a while, or when there are many: an acknowledgement that a crash forgets only makes an event come twice.
 */
export class Acknowledgements {
  readonly #clock: Clock;
  readonly #due: () => void;
  readonly #seqs = new Set<number>();
  #timer: Timer | undefined;

  /** @param due called when they should wait no longer */
  constructor(clock: Clock, due: () => void) {
    this.#clock = clock;
    this.#due = due;
  }

  get all(): readonly number[] {
    return [...this.#seqs];
  }

  get size(): number {
    return this.#seqs.size;
  }

  /** There are so many that a commit is worth it. */
  get areMany(): boolean {
    return this.#seqs.size >= MOST_EVENTS;
  }

  has(seq: number): boolean {
    return this.#seqs.has(seq);
  }

  add(seq: number): void {
    this.#seqs.add(seq);
    if (this.areMany) this.#due();
    else {
      this.#timer ??= this.#clock.after(DELAY_MS, () => {
        this.#timer = undefined;
        this.#due();
      });
    }
  }

  /** The disk knows, or never will. */
  remove(seqs: Iterable<number>): void {
    for (const seq of seqs) this.#seqs.delete(seq);
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
