import type { Clock } from '../base/clock.ts';
import { Counters } from '../base/counters.ts';
import type { OcellusError } from '../base/errors.ts';
import type { BackoffOptions } from '../base/retry.ts';
import type { BoxPx } from '../flow/geometry.ts';
import { copyCrop } from './crop.ts';
import { DetectorSlot, type LoadedModel } from './detector-slot.ts';
import type { Yuv420Picture } from './preprocess-yuv420.ts';

/** Most crops that wait: a few seconds' work of a slow model. */
const MOST_WAITING = 16;
const REOPEN: BackoffOptions = { initialMs: 500, maxMs: 30_000, factor: 2 };

export type CropOutcome = 'classified' | 'replaced' | 'queue_full' | 'outside' | 'failed';

export interface CropQueueOptions {
  open(): Promise<LoadedModel<Yuv420Picture, readonly number[]>>;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  failed(error: OcellusError): void;
}

/** Who asked for a look at a crop hears exactly one of these, once. */
export interface CropTaker {
  /** @param result what the model says of the crop: probabilities in the order of the labels, or a vector */
  done(result: readonly number[]): void;
  /** It was replaced, turned away, or its run failed. */
  dropped(): void;
}

interface Waiting {
  readonly crop: Yuv420Picture;
  readonly taker: CropTaker;
}

/**
 * The crops that wait for one model (a classifier, a re-identification), which all cameras share. It has a session of its own, so a slow model delays nobody
 * else: of each object the newest crop waits, and when too many do, new ones are turned away.
 */
export class CropQueue {
  readonly outcomes = new Counters<CropOutcome>();
  readonly #options: CropQueueOptions;
  readonly #slot: DetectorSlot<Yuv420Picture, readonly number[]>;
  /** By object, in the order of arrival. */
  readonly #waiting = new Map<string, Waiting>();
  /** Buffers to reuse: as many as can be out at once. */
  readonly #spare: Uint8Array[] = [];

  constructor(options: CropQueueOptions) {
    this.#options = options;
    this.#slot = new DetectorSlot({
      open: () => options.open(),
      clock: options.clock,
      random: options.random,
      backoff: REOPEN,
      changed: () => this.#pump(),
    });
  }

  get healthy(): boolean {
    return this.#slot.healthy;
  }

  get lastError(): string | null {
    return this.#slot.lastError;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Nothing waits, and nothing is being looked at. */
  get isIdle(): boolean {
    return this.#waiting.size === 0 && !this.#slot.busy;
  }

  /** Opens the model. Rejects when that fails. */
  async start(): Promise<void> {
    await this.#slot.start();
    this.#pump();
  }

  /** Forgets what waits, and closes the model after its run. */
  async close(deadlineMs: number): Promise<void> {
    for (const { taker } of this.#waiting.values()) taker.dropped();
    this.#waiting.clear();
    await this.#slot.close(deadlineMs);
  }

  /**
   * Copies a crop and has it looked at when the model is free. The frame may be released at once.
   *
   * @param key a newer crop of the same key replaces the waiting one
   * @param boxPx in pixels of the source picture
   */
  offer(key: string, frame: Yuv420Picture, boxPx: BoxPx, taker: CropTaker): void {
    const older = this.#waiting.get(key);
    if (older === undefined && this.#waiting.size >= MOST_WAITING) {
      this.outcomes.add('queue_full');
      taker.dropped();
      return;
    }
    const crop = copyCrop(frame, boxPx, this.#spare.pop());
    if (crop === undefined) {
      this.outcomes.add('outside');
      taker.dropped();
      return;
    }
    this.#waiting.set(key, { crop, taker });
    if (older !== undefined) {
      this.outcomes.add('replaced');
      this.#spare.push(older.crop.data);
      older.taker.dropped();
    }
    this.#pump();
  }

  #pump(): void {
    const [next] = this.#waiting;
    if (next === undefined || !this.#slot.free) return;
    const [key, waiting] = next;
    this.#waiting.delete(key);
    void this.#classify(waiting);
  }

  async #classify({ crop, taker }: Waiting): Promise<void> {
    try {
      const result = await this.#slot.detect(crop);
      this.outcomes.add('classified');
      taker.done(result);
    } catch (error) {
      this.outcomes.add('failed');
      taker.dropped();
      this.#options.failed(error as OcellusError);
    } finally {
      this.#spare.push(crop.data);
    }
    this.#pump();
  }
}
