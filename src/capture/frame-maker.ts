import type { Clock } from '../base/clock.ts';
import type { Colour, Frame } from '../flow/frame.ts';
import type { FramePool, FrameSlot } from '../flow/frame-pool.ts';
import type { SizePx } from '../flow/geometry.ts';
import { ArrivalClock, type CaptureInstant } from './arrival-clock.ts';
import type { FrameSink } from './frame-source.ts';

/** A picture that was announced; its I420 bytes come through the pipe in the same order. */
export interface Picture {
  readonly source: SizePx;
  /** Size in the pipe. */
  readonly frame: SizePx;
  readonly colour: Colour;
  /** Presentation time on the stream's clock, ms; NaN when it has none. */
  readonly ptsMs: number;
  /** When it was announced, monotonic. */
  readonly arrivedMonoMs: number;
}

/** The bytes of a picture, still in the pipe. Either is called once. */
export interface PictureBody {
  /** Fills `target` with the I420 picture. False when the pipe ended before. */
  readInto(target: Uint8Array): Promise<boolean>;
  /** Passes over the picture. False when the pipe ended before. */
  skip(): Promise<boolean>;
}

export interface FrameMakerOptions {
  readonly cameraId: string;
  readonly pool: FramePool;
  readonly clock: Clock;
  /** `live`: times are arrivals, nobody waits. `media`: times are the media's own and the consumer sets the pace. */
  readonly timing: 'live' | 'media';
  readonly codec: () => string | null;
  /** Ends waiting for the consumer. */
  readonly signal: AbortSignal;
}

/** How long to wait for a buffer when the source can wait. */
const POOL_RETRY_MS = 5;

/** Makes frames of announced pictures and the bytes that follow. One per connection. */
export class FrameMaker {
  readonly #options: FrameMakerOptions;
  readonly #arrival: ArrivalClock;
  #seq = 0;
  #origin: CaptureInstant | undefined;
  #opened: Picture | undefined;
  #offsetMs: number | undefined;

  constructor(options: FrameMakerOptions) {
    this.#options = options;
    this.#arrival = new ArrivalClock(options.clock);
  }

  /** Capture time minus presentation time of the newest picture, ms; undefined before one that has both. */
  get offsetMs(): number | undefined {
    return this.#offsetMs;
  }

  /** Takes one picture from the pipe to the sink. False when the pipe ended before the picture was complete. */
  async take(picture: Picture, body: PictureBody, sink: FrameSink): Promise<boolean> {
    this.#announce(picture, sink);
    const captured = this.#captureTime(picture);
    if (!Number.isNaN(picture.ptsMs)) this.#offsetMs = captured.captureAtMs - picture.ptsMs;
    const { widthPx, heightPx } = picture.frame;
    const slot = this.#options.pool.acquire(widthPx, heightPx) ?? (await this.#slotLater(picture.frame));
    this.#seq += 1;
    if (slot === undefined) {
      sink.dropped('pool_exhausted');
      return body.skip();
    }
    if (!(await body.readInto(slot.data))) {
      slot.release();
      return false;
    }
    const { timing, signal } = this.#options;
    const delivered = sink.frame(this.#frame(picture, captured, slot));
    if (timing === 'media' && delivered !== undefined) await settledOrAborted(delivered, signal);
    return true;
  }

  #frame(picture: Picture, { captureAtMs, captureMonoMs }: CaptureInstant, slot: FrameSlot): Frame {
    const { cameraId, clock } = this.#options;
    const { frame, source, colour, ptsMs } = picture;
    const decodedAtMs = Math.max(captureAtMs, clock.wallMs());
    return slot.toFrame({
      cameraId,
      seq: this.#seq,
      widthPx: frame.widthPx,
      heightPx: frame.heightPx,
      colour,
      source,
      times: { captureAtMs, captureMonoMs, decodedAtMs, ...(!Number.isNaN(ptsMs) && { ptsMs }) },
    });
  }

  #announce(picture: Picture, sink: FrameSink): void {
    const before = this.#opened;
    this.#opened = picture;
    if (before !== undefined && sameStream(before, picture)) return;
    const { source, frame, colour } = picture;
    sink.opened({ source, frame, colour, codec: this.#options.codec() });
  }

  #captureTime(picture: Picture): CaptureInstant {
    if (this.#options.timing === 'live') {
      return this.#arrival.captureTime(picture.ptsMs, picture.arrivedMonoMs);
    }
    const { clock } = this.#options;
    const ptsMs = Number.isNaN(picture.ptsMs) ? 0 : picture.ptsMs;
    this.#origin ??= {
      captureMonoMs: clock.monoMs() - ptsMs,
      captureAtMs: clock.wallMs() - ptsMs,
    };
    return {
      captureMonoMs: this.#origin.captureMonoMs + ptsMs,
      captureAtMs: this.#origin.captureAtMs + ptsMs,
    };
  }

  /** A buffer as soon as one is free, of a source that can wait. */
  async #slotLater(size: SizePx): Promise<FrameSlot | undefined> {
    const { pool, clock, timing, signal } = this.#options;
    let slot: FrameSlot | undefined;
    while (slot === undefined && timing === 'media') {
      await clock.sleep(POOL_RETRY_MS, signal);
      slot = pool.acquire(size.widthPx, size.heightPx);
    }
    return slot;
  }
}

/** Settles as the consumer does, or resolves as soon as nobody waits for it any more. */
async function settledOrAborted(delivered: Promise<void>, signal: AbortSignal): Promise<void> {
  let onAbort = () => {};
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) resolve();
  });
  await Promise.race([delivered, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}

function sameStream(a: Picture, b: Picture): boolean {
  return (
    a.source.widthPx === b.source.widthPx &&
    a.source.heightPx === b.source.heightPx &&
    a.frame.widthPx === b.frame.widthPx &&
    a.frame.heightPx === b.frame.heightPx &&
    a.colour.matrix === b.colour.matrix &&
    a.colour.range === b.colour.range
  );
}
