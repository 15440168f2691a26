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

/** The bytes of a picture, still in the pipe. Either is called once, and calls `done` with false when the pipe ended before. */
export interface PictureBody {
  /** Fills `target` with the I420 picture. */
  fill(target: Uint8Array, done: (complete: boolean) => void): void;
  /** Passes over the picture. */
  pass(done: (complete: boolean) => void): void;
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

  /**
   * Takes one picture from the pipe to the sink, as soon as its bytes are there: in the turn of the event loop that read them.
   * @param done called once; false: the pipe ended before the picture was complete, or nobody waits any more
   */
  take(picture: Picture, body: PictureBody, sink: FrameSink, done: (goOn: boolean) => void): void {
    this.#announce(picture, sink);
    const captured = this.#captureTime(picture);
    if (!Number.isNaN(picture.ptsMs)) this.#offsetMs = captured.captureAtMs - picture.ptsMs;
    this.#seq += 1;
    const { pool, timing } = this.#options;
    const slot = pool.acquire(picture.frame.widthPx, picture.frame.heightPx);
    if (slot !== undefined) {
      this.#fill(slot, picture, captured, body, sink, done);
    } else if (timing === 'live') {
      sink.dropped('pool_exhausted');
      body.pass(done);
    } else {
      this.#slotLater(picture.frame).then(
        (later) => this.#fill(later, picture, captured, body, sink, done),
        () => done(false),
      );
    }
  }

  #fill(
    slot: FrameSlot,
    picture: Picture,
    captured: CaptureInstant,
    body: PictureBody,
    sink: FrameSink,
    done: (goOn: boolean) => void,
  ): void {
    body.fill(slot.data, (complete) => {
      if (!complete) {
        slot.release();
        done(false);
        return;
      }
      const { timing, signal } = this.#options;
      const delivered = sink.frame(this.#frame(picture, captured, slot));
      if (timing === 'live' || delivered === undefined) done(true);
      else void settledOrAborted(delivered, signal).then(() => done(true));
    });
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

  /** A buffer as soon as one is free, of a source that can wait. Rejects with an `AbortError` when nobody waits any more. */
  async #slotLater({ widthPx, heightPx }: SizePx): Promise<FrameSlot> {
    const { pool, clock, signal } = this.#options;
    for (;;) {
      await clock.sleep(POOL_RETRY_MS, signal);
      const slot = pool.acquire(widthPx, heightPx);
      if (slot !== undefined) return slot;
    }
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
