import type { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import type { Colour } from '../flow/frame.ts';
import { i420Bytes } from '../flow/frame.ts';
import type { FramePool, FrameSlot } from '../flow/frame-pool.ts';
import type { SizePx } from '../flow/geometry.ts';
import { ArrivalClock, type CaptureInstant } from './arrival-clock.ts';
import type { AsyncQueue } from './async-queue.ts';
import { ByteReader } from './byte-reader.ts';
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

export interface PictureReaderOptions {
  readonly cameraId: string;
  readonly pool: FramePool;
  readonly clock: Clock;
  /** `live`: times are arrivals, nobody waits. `media`: times are the media's own and the consumer sets the pace. */
  readonly timing: 'live' | 'media';
  readonly codec: () => string | null;
}

/** How long to wait for a buffer when the source can wait. */
const POOL_RETRY_MS = 5;

/** Makes frames of announced pictures and a pipe of their bytes. */
export class PictureReader {
  readonly #options: PictureReaderOptions;
  readonly #arrival: ArrivalClock;
  #seq = 0;
  #origin: CaptureInstant | undefined;
  #opened: Picture | undefined;

  constructor(options: PictureReaderOptions) {
    this.#options = options;
    this.#arrival = new ArrivalClock(options.clock);
  }

  /** Reads until no more pictures are announced or the pipe ends. */
  async run(pictures: AsyncQueue<Picture>, pipe: Readable, sink: FrameSink): Promise<void> {
    const bytes = new ByteReader(pipe);
    for (let picture = await pictures.next(); picture !== undefined; picture = await pictures.next()) {
      this.#announce(picture, sink);
      const captured = this.#captureTime(picture);
      const slot = await this.#slot(picture.frame);
      if (slot === undefined) {
        if (!(await bytes.skip(i420Bytes(picture.frame.widthPx, picture.frame.heightPx)))) return;
        sink.dropped('pool_exhausted');
        continue;
      }
      if (!(await bytes.readInto(slot.data))) {
        slot.release();
        return;
      }
      await this.#deliver(picture, captured, slot, sink);
    }
  }

  async #deliver(
    picture: Picture,
    captured: CaptureInstant,
    slot: FrameSlot,
    sink: FrameSink,
  ): Promise<void> {
    this.#seq += 1;
    const delivered = sink.frame(
      slot.toFrame({
        cameraId: this.#options.cameraId,
        seq: this.#seq,
        ...picture.frame,
        colour: picture.colour,
        source: picture.source,
        times: { ...captured, decodedAtMs: this.#options.clock.wallMs() },
      }),
    );
    if (this.#options.timing === 'media') await delivered;
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

  async #slot(size: SizePx): Promise<FrameSlot | undefined> {
    const { pool, clock, timing } = this.#options;
    let slot = pool.acquire(size.widthPx, size.heightPx);
    while (slot === undefined && timing === 'media') {
      await clock.sleep(POOL_RETRY_MS);
      slot = pool.acquire(size.widthPx, size.heightPx);
    }
    return slot;
  }
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
