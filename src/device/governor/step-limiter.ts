/** How a limiter moves. */
export interface StepLimiterOptions {
  /** Greatest level; 0 does not limit. */
  readonly levels: number;
  /** Least time between two steps down: what the last one did must show first. */
  readonly downDwellMs: number;
  /** Least time without pressure before a step up. */
  readonly upDwellMs: number;
  /** What that wait grows to while steps up prove wrong; a step up that saw no pressure for so long was right. */
  readonly maxUpDwellMs: number;
}

/** A step up from a place so much better than that of the last wrong one is a new question, in units of the margin. */
const BETTER = 0.5;

/**
 * One resource's say in how much work is done: a level from 0, which rises under pressure and falls again.
 *
 * Pressure comes as a margin: below 0 there is too much of it, from 1 on it may be given more to do, and between the two
 * nothing changes (hysteresis). A step up is a question, as the margin after it is not known before. One that was wrong is
 * asked again after twice the time, unless things have become better than they were then; so a level between two that both
 * do not fit changes ever more rarely, instead of for ever. The level is all that is kept of past pressure: there is
 * nothing that winds up.
 */
export class StepLimiter {
  readonly #options: StepLimiterOptions;
  #level = 0;
  #changedMonoMs = Number.NEGATIVE_INFINITY;
  /** Since when there has been room for more. */
  #clearMonoMs: number | undefined;
  /** The step up that is still on probation. */
  #raised: { readonly monoMs: number; readonly margin: number } | undefined;
  #upDwellMs: number;
  /** Margin from which the last step up was wrong. */
  #wrongMargin = Number.NEGATIVE_INFINITY;

  constructor(options: StepLimiterOptions) {
    this.#options = options;
    this.#upDwellMs = options.upDwellMs;
  }

  get level(): number {
    return this.#level;
  }

  /**
   * @param margin below 0: too much; below -1: far too much, two steps; from 1: room for more
   * @returns the level from now on
   */
  update(margin: number, nowMonoMs: number): number {
    this.#judge(nowMonoMs);
    if (margin < 0) this.#press(margin < -1 ? 2 : 1, nowMonoMs);
    else if (margin < 1) this.#clearMonoMs = undefined;
    else this.#relax(margin, nowMonoMs);
    return this.#level;
  }

  #press(steps: number, nowMonoMs: number): void {
    const { levels, downDwellMs, maxUpDwellMs } = this.#options;
    this.#clearMonoMs = undefined;
    if (this.#raised !== undefined) {
      this.#wrongMargin = Math.max(this.#wrongMargin, this.#raised.margin);
      this.#upDwellMs = Math.min(maxUpDwellMs, this.#upDwellMs * 2);
      this.#raised = undefined;
    } else if (nowMonoMs - this.#changedMonoMs < downDwellMs) return;
    this.#set(Math.min(levels, this.#level + steps), nowMonoMs);
  }

  #relax(margin: number, nowMonoMs: number): void {
    const { upDwellMs } = this.#options;
    this.#clearMonoMs ??= nowMonoMs;
    if (this.#level === 0) return;
    const isNewQuestion = margin >= this.#wrongMargin + BETTER;
    const dwellMs = isNewQuestion ? upDwellMs : this.#upDwellMs;
    if (nowMonoMs - Math.max(this.#clearMonoMs, this.#changedMonoMs) < dwellMs) return;
    this.#set(this.#level - 1, nowMonoMs);
    this.#raised = { monoMs: nowMonoMs, margin };
  }

  /** Ends the probation of a step up that was right: the times have changed since the last that was not. */
  #judge(nowMonoMs: number): void {
    const { upDwellMs, maxUpDwellMs } = this.#options;
    if (this.#raised === undefined || nowMonoMs - this.#raised.monoMs < maxUpDwellMs) return;
    this.#raised = undefined;
    this.#upDwellMs = upDwellMs;
    this.#wrongMargin = Number.NEGATIVE_INFINITY;
  }

  #set(level: number, nowMonoMs: number): void {
    if (level === this.#level) return;
    this.#level = level;
    this.#changedMonoMs = nowMonoMs;
  }
}
