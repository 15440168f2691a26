import type { Clock } from '../base/clock.ts';
import { Counters } from '../base/counters.ts';
import { withDeadline } from '../base/deadline.ts';
import { explain, isAbort } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Service } from '../base/service.ts';
import type { CaptureConfig } from '../config/camera-schema.ts';
import type { CameraCause, CameraState, CameraStateName } from '../flow/camera-state.ts';
import { type Frame, frameWith } from '../flow/frame.ts';
import { captureFailure } from './capture-error.ts';
import { Connection } from './connection.ts';
import type { CaptureFailure, FrameSink, FrameSource, StreamInfo } from './frame-source.ts';
import { PICTURE_WATCH_DEFAULTS, PictureWatch, type PictureWatchOptions } from './picture-watch.ts';
import { RateMeter } from './rate-meter.ts';
import { RetryPlan } from './retry-plan.ts';

/** Where a camera puts what it has. Its calls must not throw. */
export interface CameraSink {
  /** Takes over one frame. A file that is read faster than real time waits for the promise. */
  frame(frame: Frame): void | Promise<void>;
  opened(info: StreamInfo): void;
  /** Called on every change. */
  state(state: CameraState): void;
}

export interface CameraOptions {
  readonly id: string;
  readonly source: FrameSource;
  readonly sink: CameraSink;
  readonly config: CaptureConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1): the jitter of reconnects. */
  readonly random: () => number;
  readonly pictureWatch?: PictureWatchOptions;
}

export type CameraDrop = Parameters<FrameSink['dropped']>[0];

/**
 * One camera, kept connected. Its state tells what is going on:
 *
 * - `connecting`: no picture yet since the start or since it was enabled
 * - `live`: pictures come; cause `frozen` or `black` when they show nothing new or nothing at all
 * - `reconnecting`: lost or never reached, with the cause; tried again with exponential backoff
 * - `failed`: the same for what waiting rarely mends (`auth_failed`, `not_found`); tried again slowly
 * - `disabled`: switched off, or, with cause `ended`, a file that was played to its end
 *
 * Nothing that happens to a camera reaches its caller as an error: a dead camera never disturbs another.
 */
export class Camera implements Service {
  readonly name: string;
  /** Pictures lost before they became frames, by reason. */
  readonly drops = new Counters<CameraDrop>();
  /** Connections lost or not made, by cause. */
  readonly losses = new Counters<CameraCause>();
  readonly #options: CameraOptions;
  readonly #log: Logger;
  readonly #retry: RetryPlan;
  readonly #rate: RateMeter;
  #state: CameraState;
  #seq = 0;
  #frames = 0;
  #started = false;
  #enabled = true;
  #supervision: { abort: AbortController; done: Promise<void> } | undefined;

  constructor(options: CameraOptions) {
    this.name = `capture ${options.id}`;
    this.#options = options;
    this.#log = options.log.child({ camera: options.id, source: options.source.description });
    this.#retry = new RetryPlan(options.config, options.random);
    this.#rate = new RateMeter(options.clock);
    this.#state = { state: 'connecting', cause: null, sinceMs: Math.round(options.clock.wallMs()) };
  }

  get state(): CameraState {
    return this.#state;
  }

  /** Frames delivered so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Frames per second that come now. */
  get fps(): number {
    return this.#rate.perSecond();
  }

  /** Begins to connect and resolves at once: a camera that is away must not hold up the others. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#started = true;
    if (this.#enabled) this.#options.sink.state(this.#state);
    this.#apply();
  }

  /** Ends the connection; resolves when nothing of it is left. @throws OcellusError `deadline_exceeded` */
  async close(deadlineMs: number): Promise<void> {
    this.#started = false;
    this.#supervision?.abort.abort();
    const ended = this.#supervision?.done ?? Promise.resolve();
    await withDeadline(ended, deadlineMs, `closing ${this.name}`, this.#options.clock);
  }

  /** Switches the camera off or on; on again, it starts with fresh patience. */
  setEnabled(enabled: boolean): void {
    if (this.#enabled === enabled) return;
    this.#enabled = enabled;
    if (this.#started) this.#apply();
  }

  #apply(): void {
    const before = this.#supervision;
    before?.abort.abort();
    if (!this.#enabled) {
      this.#become('disabled', null);
      return;
    }
    this.#retry.reset();
    this.#become('connecting', null);
    const abort = new AbortController();
    // The connection before must be gone first: many cameras allow but one.
    const done = (before?.done ?? Promise.resolve()).then(() => this.#supervise(abort.signal));
    this.#supervision = { abort, done };
  }

  async #supervise(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const connection = new Connection({ ...this.#options, sink: this.#frameSink(signal) });
      const end = await connection.run(signal);
      if (end.kind === 'aborted') return;
      if (end.kind === 'ended' && this.#options.source.finite) {
        this.#become('disabled', 'ended');
        return;
      }
      if (connection.liveMs >= this.#options.config.stableAfterMs) this.#retry.reset();
      const failure = end.kind === 'failed' ? end.failure : STREAM_ENDED;
      this.losses.add(failure.cause);
      this.#become(RetryPlan.isLasting(failure.cause) ? 'failed' : 'reconnecting', failure.cause, failure);
      await this.#sleep(this.#retry.delayMs(failure.cause), signal);
    }
  }

  async #sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    this.#log.debug({ delayMs: Math.round(delayMs) }, 'camera is tried again');
    try {
      await this.#options.clock.sleep(delayMs, signal);
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  #frameSink(signal: AbortSignal): FrameSink {
    const { sink, pictureWatch = PICTURE_WATCH_DEFAULTS } = this.#options;
    const watch = new PictureWatch(pictureWatch);
    return {
      opened: (info) => sink.opened(info),
      dropped: (reason) => {
        this.#seq += 1;
        this.drops.add(reason);
      },
      frame: (frame) => {
        if (signal.aborted) {
          frame.release();
          return;
        }
        this.#seq += 1;
        this.#frames += 1;
        this.#rate.tick();
        this.#become('live', watch.look(frame));
        return this.#deliver(frameWith(frame, { seq: this.#seq }));
      },
    };
  }

  #deliver(frame: Frame): void | Promise<void> {
    const delivered = this.#options.sink.frame(frame);
    if (!(delivered instanceof Promise)) return;
    return delivered.catch((error: unknown) => {
      this.#log.error({ error: explain(error) }, 'the consumer of a frame failed');
    });
  }

  #become(state: CameraStateName, cause: CameraCause | null, failure?: CaptureFailure): void {
    if (this.#state.state === state && this.#state.cause === cause) return;
    this.#state = { state, cause, sinceMs: Math.round(this.#options.clock.wallMs()) };
    const level = cause === null || cause === 'ended' ? 'info' : 'warn';
    this.#log[level](
      { state, cause, ...(failure && { reason: failure.message, hint: failure.hint }) },
      'camera state changed',
    );
    this.#options.sink.state(this.#state);
  }
}

const STREAM_ENDED = captureFailure('ended', 'the stream ended', 'the camera or the server closed it');
