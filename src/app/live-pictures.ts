import type { Clock, Timer } from '../base/clock.ts';
import type { ShownObject } from '../events/subject.ts';
import type { Frame } from '../flow/frame.ts';
import { toNorm } from '../flow/geometry.ts';
import type { FrameObjects, LivePicture } from '../preview/live/live-feed.ts';

/** A picture waits so long for its inference; then it is shown without, for a late picture is worse than a late box. */
const HOLD_MS = 150;
/** At most so many wait, whatever the frame rate. */
const MOST_HELD = 8;

interface Held {
  readonly seq: number;
  readonly picture: LivePicture;
  readonly untilMonoMs: number;
  /** It is known what becomes of its frame. */
  settled: boolean;
}

/**
 * The pictures of one camera, and what was found in them, for those who watch. Pictures leave in order of capture: each after
 * what was found in it, or 150 ms after it came. While nobody watches, `watched` is false and nothing else is called.
 */
export class LivePictures {
  readonly #clock: Clock;
  readonly #pictures = new Set<(picture: LivePicture) => void>();
  readonly #objects = new Set<(found: FrameObjects) => void>();
  #held: Held[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Somebody watches pictures: frames must be told. */
  get watched(): boolean {
    return this.#pictures.size > 0;
  }

  /** Somebody wants to know what was found. */
  get asked(): boolean {
    return this.#pictures.size > 0 || this.#objects.size > 0;
  }

  watchPictures(listener: (picture: LivePicture) => void): () => void {
    this.#pictures.add(listener);
    return () => {
      this.#pictures.delete(listener);
      if (!this.watched) this.#clear();
    };
  }

  /** The next picture. */
  next(): Promise<LivePicture> {
    return new Promise((resolve) => {
      const end = this.watchPictures((picture) => {
        end();
        resolve(picture);
      });
    });
  }

  watchObjects(listener: (found: FrameObjects) => void): () => void {
    this.#objects.add(listener);
    return () => this.#objects.delete(listener);
  }

  /** A frame came; its pixels are copied. What becomes of it is told by `decided`. */
  captured(frame: Frame): void {
    const { data, widthPx, heightPx, colour, seq, times } = frame;
    const picture = {
      ...{ data: new Uint8Array(data), widthPx, heightPx, colour },
      captureAtMs: times.captureAtMs,
    };
    this.#held.push({ seq, picture, untilMonoMs: this.#clock.monoMs() + HOLD_MS, settled: false });
    if (this.#held.length > MOST_HELD) this.#held[0]!.settled = true;
    this.#flush();
  }

  /** What was found in a frame; null: it was not looked at. */
  decided(seq: number, found: FrameObjects | null): void {
    if (found !== null) for (const listener of this.#objects) listener(found);
    const held = this.#held.find((other) => other.seq === seq);
    if (held === undefined) return;
    held.settled = true;
    this.#flush();
  }

  #flush(): void {
    const nowMonoMs = this.#clock.monoMs();
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      if (!next.settled && next.untilMonoMs > nowMonoMs) break;
      this.#held.shift();
      for (const listener of this.#pictures) listener(next.picture);
    }
    this.#timer?.cancel();
    const [waiting] = this.#held;
    this.#timer =
      waiting && this.#clock.after(Math.max(0, waiting.untilMonoMs - nowMonoMs), () => this.#flush());
  }

  #clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#held = [];
  }
}

/** What was found in a frame, in fractions of its picture. */
export function foundIn({ source, times }: Frame, objects: readonly ShownObject[]): FrameObjects {
  return {
    captureAtMs: times.captureAtMs,
    objects: objects.map(({ boxPx, velocityPxPerS: [vx, vy], ...object }) => ({
      ...object,
      boxNorm: toNorm(boxPx, source),
      velocityNorm: [vx / source.widthPx, vy / source.heightPx],
    })),
  };
}
