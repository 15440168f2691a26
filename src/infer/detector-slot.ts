import { abortError, type Clock } from '../base/clock.ts';
import { withDeadline } from '../base/deadline.ts';
import { explain, isAbort, messageOf, OcellusError } from '../base/errors.ts';
import { Backoff, type BackoffOptions } from '../base/retry.ts';
import type { Frame } from '../flow/frame.ts';
import type { InferenceResult } from './frame-detector.ts';

/** So many runs in a row may throw before the session is taken for broken: one bad frame is not the session's fault. */
const FAILURES_IN_A_ROW = 3;

/** How long a broken detector may take to close before a new one is opened beside it. */
const REPLACE_CLOSE_MS = 5_000;

/** A loaded model that takes one input at a time: a detector takes frames, a classifier crops. */
export interface LoadedModel<Input, Result> {
  detect(input: Input): Promise<Result>;
  close(deadlineMs: number): Promise<void>;
}

export interface SlotOptions<Input = Frame, Result = InferenceResult> {
  open(): Promise<LoadedModel<Input, Result>>;
  readonly clock: Clock;
  readonly backoff: BackoffOptions;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** A detector became usable or unusable, or failed again. */
  changed(): void;
}

/** The place of one detector: holds it, counts its failures and replaces it when it is broken. */
export class DetectorSlot<Input = Frame, Result = InferenceResult> {
  readonly #options: SlotOptions<Input, Result>;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  #detector: LoadedModel<Input, Result> | undefined;
  #running: Promise<unknown> | undefined;
  #replacing: Promise<void> | undefined;
  #renewing: Promise<void> | undefined;
  #failuresInARow = 0;
  #failures = 0;
  #lastError: string | null = null;

  constructor(options: SlotOptions<Input, Result>) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff, options.random);
  }

  /** Has a detector that is believed to work. */
  get healthy(): boolean {
    return this.#detector !== undefined;
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** May be given a frame. */
  get free(): boolean {
    return this.healthy && !this.busy && !this.#closing.signal.aborted;
  }

  /** Runs and openings that failed so far. */
  get failures(): number {
    return this.#failures;
  }

  get lastError(): string | null {
    return this.#lastError;
  }

  /** Opens the first detector. Rejects when that fails. */
  async start(): Promise<void> {
    this.#detector = await this.#options.open();
  }

  /** Runs one frame, or crop, on a free slot. It stays the caller's. */
  async detect(input: Input): Promise<Result> {
    const detector = this.#detector;
    if (detector === undefined || this.busy)
      throw new OcellusError('internal', 'the detector slot is not free');
    const run = detector.detect(input);
    this.#running = run;
    try {
      const result = await run;
      this.#failuresInARow = 0;
      this.#backoff.reset();
      return result;
    } catch (error) {
      // One that was renewed meanwhile is on its way out already.
      this.#failed(error, detector);
      throw error instanceof OcellusError
        ? error
        : new OcellusError('inference_failed', messageOf(error), { cause: error });
    } finally {
      this.#running = undefined;
    }
  }

  /**
   * Opens another detector beside the one in use and puts it in its place: the run in progress ends on the old one, which is
   * closed then, and the next run begins on the new one. When it cannot be opened, everything stays as it is.
   *
   * @param open gives the new detector; it is closed if it is not needed any more by then
   * @throws what `open` throws; `AbortError` when the slot is closed meanwhile
   */
  async renew(open: () => Promise<LoadedModel<Input, Result>>): Promise<void> {
    const earlier = this.#renewing?.catch(() => {}) ?? Promise.resolve();
    const renewing = earlier.then(() => this.#renew(open));
    this.#renewing = renewing;
    await renewing.finally(() => {
      if (this.#renewing === renewing) this.#renewing = undefined;
    });
  }

  async #renew(open: () => Promise<LoadedModel<Input, Result>>): Promise<void> {
    const next = await open();
    if (this.#closing.signal.aborted) {
      await next.close(REPLACE_CLOSE_MS);
      throw abortError();
    }
    const old = this.#detector;
    const lastRun = this.#running;
    this.#detector = next;
    this.#failuresInARow = 0;
    this.#options.changed();
    // Whoever waits for the run hears of its error.
    await lastRun?.catch(() => {});
    try {
      await old?.close(REPLACE_CLOSE_MS);
    } catch (error) {
      this.#lastError = explain(error);
    }
  }

  /** Waits for the run, for half of the deadline, then closes the detector, which ends it. */
  async close(deadlineMs: number): Promise<void> {
    this.#closing.abort();
    const { clock } = this.#options;
    const settled = Promise.allSettled([this.#running, this.#replacing, this.#renewing]);
    // A run that outlasts its half is ended by closing its detector; that is what reports whether it could be.
    await withDeadline(settled, deadlineMs / 2, 'the last inference', clock).catch(() => undefined);
    await this.#takeDetector()?.close(deadlineMs / 2);
  }

  #failed(error: unknown, detector: LoadedModel<Input, Result>): void {
    this.#failures += 1;
    this.#failuresInARow += 1;
    this.#lastError = explain(error);
    if (this.#closing.signal.aborted || detector !== this.#detector) return;
    const timedOut = error instanceof OcellusError && error.code === 'inference_timeout';
    if (timedOut || this.#failuresInARow >= FAILURES_IN_A_ROW) {
      const replacing = this.#replace(this.#takeDetector(), this.#replacing).finally(() => {
        if (this.#replacing === replacing) this.#replacing = undefined;
      });
      this.#replacing = replacing;
    }
    this.#options.changed();
  }

  /** @param earlier the replacement that was still going on when a renewed detector broke in its turn */
  async #replace(broken: LoadedModel<Input, Result> | undefined, earlier?: Promise<void>): Promise<void> {
    await earlier;
    try {
      await broken?.close(REPLACE_CLOSE_MS);
    } catch (error) {
      this.#lastError = explain(error);
    }
    // `renew` may have put another in the place meanwhile.
    while (!this.#closing.signal.aborted && this.#detector === undefined) {
      try {
        await this.#options.clock.sleep(this.#backoff.nextMs(), this.#closing.signal);
        if (this.#detector !== undefined) break;
        const opened = await this.#options.open();
        if (this.#detector === undefined) this.#detector = opened;
        else await opened.close(REPLACE_CLOSE_MS);
        this.#failuresInARow = 0;
        break;
      } catch (error) {
        if (isAbort(error)) return;
        this.#failures += 1;
        this.#lastError = explain(error);
        this.#options.changed();
      }
    }
    if (this.#closing.signal.aborted) await this.#takeDetector()?.close(REPLACE_CLOSE_MS);
    else this.#options.changed();
  }

  #takeDetector(): LoadedModel<Input, Result> | undefined {
    const detector = this.#detector;
    this.#detector = undefined;
    return detector;
  }
}
