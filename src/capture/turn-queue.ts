/** Hands values to one taker in order, each as soon as the one before is done with. Whoever pushes must be held back by other means. */
export class TurnQueue<T> {
  readonly #take: (value: T, done: (goOn: boolean) => void) => void;
  readonly #over: () => void;
  readonly #values: T[] = [];
  #isTaking = false;
  #isServing = false;
  #ended = false;
  #isOver = false;

  /**
   * @param take must call `done` once, then or later; false: there is no use for the rest
   * @param over called once, when all values are done with or one was the last of use
   */
  constructor(take: (value: T, done: (goOn: boolean) => void) => void, over: () => void) {
    this.#take = take;
    this.#over = over;
  }

  push(value: T): void {
    this.#values.push(value);
    this.#serve();
  }

  /** No more values. */
  end(): void {
    this.#ended = true;
    this.#serve();
  }

  /** A `done` that is called at once is dealt with by the loop, not within it. */
  #serve(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    while (!this.#isTaking && !this.#isOver) {
      const value = this.#values.shift();
      if (value === undefined) {
        if (this.#ended) this.#finish();
        break;
      }
      this.#isTaking = true;
      this.#take(value, this.#done);
    }
    this.#isServing = false;
  }

  readonly #done = (goOn: boolean): void => {
    this.#isTaking = false;
    if (goOn) this.#serve();
    else this.#finish();
  };

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over();
  }
}
