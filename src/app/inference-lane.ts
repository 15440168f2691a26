import type { CameraGrant } from '../device/governor/measurements.ts';
import type { Frame } from '../flow/frame.ts';
import type { Lane, LaneSink } from '../infer/lane.ts';
import type { InferenceScheduler } from '../infer/scheduler.ts';
import { FrameRate } from './frame-rate.ts';
import { GovernedRate } from './governed-rate.ts';

/** Why a frame is not even looked at. */
export type Refusal = 'thinned_out' | 'governed';

/** A model's scheduler and the name that it has in the configuration. */
export interface NamedScheduler {
  readonly name: string;
  readonly scheduler: InferenceScheduler;
}

export interface InferenceLaneParts {
  readonly cameraId: string;
  /** Configured rate. */
  readonly fps: number;
  /** Of the camera's own model. */
  readonly scheduler: InferenceScheduler;
  /** Of the model that may take its place, by its name. */
  readonly smaller?: NamedScheduler | undefined;
  readonly sink: LaneSink;
}

/** What became of frames that might have been inferred, since the start. */
export interface InferenceWishes {
  /** Frames that were looked at. */
  readonly looked: number;
  /** Of these, those that were worth inferring. */
  readonly wanted: number;
}

/** A camera's way to inference: how often it may take it, and on which model. */
export class InferenceLane {
  readonly #parts: InferenceLaneParts;
  readonly #rate: FrameRate;
  readonly #governed = new GovernedRate();
  readonly #sink: LaneSink;
  #lane: Lane | undefined;
  /** Of the model that was used before, until its last frame is inferred: results come in the order of frames. */
  #leaving: Lane | undefined;
  #isSmaller = false;
  #grant: CameraGrant | null = null;
  #looked = 0;
  #wanted = 0;

  constructor(parts: InferenceLaneParts) {
    const { cameraId, fps, sink } = parts;
    this.#parts = parts;
    this.#rate = new FrameRate(cameraId, fps);
    this.#sink = {
      result: (frame, result, inferredAtMs) => {
        this.#governed.spend(frame.times.captureMonoMs);
        sink.result(frame, result, inferredAtMs);
      },
      failed: (frame, error) => {
        this.#governed.spend(frame.times.captureMonoMs);
        sink.failed(frame, error);
      },
      dropped: (frame, reason) => sink.dropped(frame, reason),
    };
  }

  /** As configured, or as a command asked for. */
  get fps(): number {
    return this.#rate.fps;
  }

  /** What the governor allows; null while it allows everything. */
  get grant(): CameraGrant | null {
    return this.#grant;
  }

  get wishes(): InferenceWishes {
    return { looked: this.#looked, wanted: this.#wanted };
  }

  open(): void {
    this.#lane = this.#openLane(this.#parts.scheduler);
  }

  close(): void {
    this.#lane?.close();
    this.#leaving?.close();
  }

  /** @throws OcellusError as `FrameRate.set` */
  setFps(fps: number): void {
    this.#rate.set(fps);
  }

  /** Goes by other limits from the next frame on; a frame in inference is not lost. */
  govern(grant: CameraGrant): void {
    const { smaller, scheduler } = this.#parts;
    const isSmaller = smaller !== undefined && grant.model === smaller.name;
    this.#grant = grant.fps === null && !isSmaller ? null : grant;
    this.#governed.limit(grant.fps);
    if (isSmaller !== this.#isSmaller && this.#lane !== undefined) {
      this.#isSmaller = isSmaller;
      this.#leaving?.close();
      this.#leaving = this.#lane;
      this.#leaving.stop();
      this.#lane = this.#openLane(isSmaller ? smaller.scheduler : scheduler);
    }
    this.#lane?.limitWait(grant.maxWaitMs);
  }

  /** Why a frame of that time is not looked at; undefined when it is. */
  refuses(atMonoMs: number): Refusal | undefined {
    if (!this.#rate.isDue(atMonoMs)) return 'thinned_out';
    if (this.#leaving !== undefined) {
      if (this.#leaving.pending > 0) return 'governed';
      this.#leaving.close();
      this.#leaving = undefined;
    }
    if (this.#governed.isLimited && (!this.#governed.isDue(atMonoMs) || this.#lane?.isBusy === true)) {
      return 'governed';
    }
    this.#looked += 1;
    return undefined;
  }

  /** Takes over a frame that is worth inferring. @returns false when inference has not begun, and the frame stays the caller's */
  offer(frame: Frame): boolean {
    this.#wanted += 1;
    if (this.#lane === undefined) return false;
    this.#lane.offer(frame);
    return true;
  }

  #openLane(scheduler: InferenceScheduler): Lane {
    const { cameraId, fps } = this.#parts;
    return scheduler.lane(cameraId, { periodMs: 1000 / fps }, this.#sink);
  }
}
