import type { Clock } from '../base/clock.ts';
import { Counters } from '../base/counters.ts';
import { explain, isAbort } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Turns } from '../base/turns.ts';
import { decodeStill, type Still } from '../capture/ffmpeg/still-decoder.ts';
import type { FrameSource } from '../capture/frame-source.ts';
import type { Frame } from '../flow/frame.ts';
import type { PixelRect } from '../flow/geometry.ts';
import type { MediaFragment } from '../flow/media.ts';
import type { PreRoll } from '../store/media/pre-roll.ts';
import { encodeView } from './frame-jpeg.ts';

/** A picture of a camera that has passed, and what part of it is wanted besides. */
export interface StillRequest {
  readonly frame: Pick<Frame, 'times' | 'colour'>;
  /** What `video` gave, for a picture that may have passed by now. */
  readonly video?: readonly MediaFragment[] | undefined;
  /** In source pixels. */
  readonly crop?: PixelRect;
  /** Of the JPEGs, 1..100. */
  readonly quality: number;
}

export interface CameraStillsParts {
  readonly cameraId: string;
  readonly source: Pick<FrameSource, 'redraw'>;
  /** ffmpeg program. */
  readonly program: string;
  /** The camera's newest video. */
  readonly ring: PreRoll;
  /** False while no program may be started for the memory that it takes. */
  readonly hasMemory?: () => boolean;
  /** Shared by all cameras: one ffmpeg decodes a still at a time. */
  readonly turns: Turns;
  readonly clock: Clock;
  readonly log: Logger;
}

export type StillOutcome = 'full_size' | 'no_video' | 'no_memory' | 'failed';

/** How far back the ring must reach, ms: a view that is chosen is held from the next frame on. */
export const STILL_KEEP_MS = 4_000;
/** Encoded pictures come through another pipe than decoded ones, and ffmpeg holds each until the next: a second at 1 fps. */
const VIDEO_PATIENCE_MS = 3_000;
const LOOK_AGAIN_MS = 50;

/** Pictures of one camera at its own size, taken from its video after the fact. */
export class CameraStills {
  /** How often pictures could be had at full size, and why not. */
  readonly outcomes = new Counters<StillOutcome>();
  readonly #parts: CameraStillsParts;
  readonly #log: Logger;
  #last: StillOutcome = 'full_size';

  constructor(parts: CameraStillsParts) {
    this.#parts = parts;
    this.#log = parts.log.child({ camera: parts.cameraId });
  }

  /** The encoded picture of a frame and what it depends on, to be held until it is asked for; undefined when it is not at hand yet, or any more. */
  video({ times }: StillRequest['frame']): readonly MediaFragment[] | undefined {
    const found = this.#parts.ring.picture(times);
    return found === 'later' ? undefined : found;
  }

  /** Never rejects. @returns undefined when the picture cannot be had at full size, or no more when `signal` aborts */
  async take(request: StillRequest, signal: AbortSignal): Promise<Still | undefined> {
    const { quality, crop, frame } = request;
    if (this.#parts.hasMemory?.() === false) {
      this.#became('no_memory');
      return undefined;
    }
    try {
      const drawn = this.#parts.source.redraw?.(frame.times.captureAtMs);
      const still = drawn ? await encodeView(drawn, quality, crop) : await this.#decode(request, signal);
      this.#became(still === undefined ? 'no_video' : 'full_size');
      return still;
    } catch (error) {
      if (!isAbort(error)) this.#became('failed', explain(error));
      return undefined;
    }
  }

  async #decode({ frame, video, ...rest }: StillRequest, signal: AbortSignal): Promise<Still | undefined> {
    const fragments = video ?? (await this.#fragments(frame, signal));
    if (fragments === undefined) return undefined;
    const { program, turns, clock } = this.#parts;
    const job = { ...rest, program, fragments, colour: frame.colour };
    return turns.run(() => decodeStill(job, clock, signal), signal);
  }

  async #fragments(
    { times }: StillRequest['frame'],
    signal: AbortSignal,
  ): Promise<readonly MediaFragment[] | undefined> {
    const { ring, clock } = this.#parts;
    const untilMs = clock.monoMs() + VIDEO_PATIENCE_MS;
    let found = ring.picture(times);
    while (found === 'later' && clock.monoMs() < untilMs) {
      await clock.sleep(LOOK_AGAIN_MS, signal);
      found = ring.picture(times);
    }
    return found === 'later' ? undefined : found;
  }

  #became(outcome: StillOutcome, error?: string): void {
    this.outcomes.add(outcome);
    if (outcome === this.#last) return;
    this.#last = outcome;
    if (outcome === 'full_size') this.#log.info({}, 'best views have full size again');
    else if (outcome === 'no_memory')
      this.#log.info({}, 'the device is short of memory: best views have the size of detection');
    else if (outcome === 'no_video')
      this.#log.info({}, 'the camera’s own video is not at hand: best views have the size of detection');
    else this.#log.warn({ error }, 'a still cannot be decoded: best views have the size of detection');
  }
}
