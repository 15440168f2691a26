import type { Frame } from '../flow/frame.ts';

export interface PictureWatchOptions {
  /** Bit-identical pictures for so long are a hung camera: sensor noise changes a real picture all the time. */
  readonly frozenAfterMs: number;
  /** A picture without any light for so long is a covered lens or a dead sensor. */
  readonly blackAfterMs: number;
}

/** Encoders may repeat a quiet picture until the next keyframe, which comes within 20 s even with "smart" codecs. */
export const PICTURE_WATCH_DEFAULTS: PictureWatchOptions = { frozenAfterMs: 60_000, blackAfterMs: 30_000 };

/** A prime, so that samples do not line up in columns. */
const SAMPLE_STRIDE = 61;
/** Above black (16 limited, 0 full) by so much anywhere, a picture shows something: a night scene does. */
const BLACK_MARGIN = 10;

/** Tells frozen and black pictures from live ones, by a few thousand samples of each. */
export class PictureWatch {
  readonly #options: PictureWatchOptions;
  #hash = -1;
  #changedMonoMs = 0;
  #litMonoMs: number | undefined;

  constructor(options: PictureWatchOptions) {
    this.#options = options;
  }

  /** Looks at the next frame. Durations are those between frames, on their monotonic clock. */
  look(frame: Frame): 'frozen' | 'black' | null {
    const nowMs = frame.times.captureMonoMs;
    const { hash, brightest } = sample(frame);
    const blackLevel = frame.colour.range === 'limited' ? 16 : 0;
    if (this.#litMonoMs === undefined || brightest > blackLevel + BLACK_MARGIN) this.#litMonoMs = nowMs;
    if (hash !== this.#hash) {
      this.#hash = hash;
      this.#changedMonoMs = nowMs;
    }
    if (nowMs - this.#litMonoMs >= this.#options.blackAfterMs) return 'black';
    if (nowMs - this.#changedMonoMs >= this.#options.frozenAfterMs) return 'frozen';
    return null;
  }
}

/** FNV-1a over sampled luma, and its maximum. */
function sample(frame: Frame): { hash: number; brightest: number } {
  const { data } = frame;
  const lumaBytes = frame.widthPx * frame.heightPx;
  let hash = 0x811c9dc5;
  let brightest = 0;
  for (let at = 0; at < lumaBytes; at += SAMPLE_STRIDE) {
    const luma = data[at]!;
    if (luma > brightest) brightest = luma;
    hash = Math.imul(hash ^ luma, 0x01000193);
  }
  return { hash: hash >>> 0, brightest };
}
