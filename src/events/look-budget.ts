import type { BoxPx, SizePx } from '../flow/geometry.ts';

/** Edge at which a crop is as good as any, and below which it shows nothing, in pixels of the frame. */
const GOOD_EDGE_PX = 64;
const LEAST_EDGE_PX = 12;
/** Of an object that the picture's border cuts, a part is missing. */
const CUT_SHARE = 0.3;
/** A better look: by this factor. */
const BETTER = 1.25;

/**
 * How much the crop of an object can tell a second model, 0..1; 0: nothing.
 * @param boxPx in pixels of the source picture
 * @param frame size of the picture that the crop is taken from
 */
export function cropQuality(boxPx: BoxPx, source: SizePx, frame: SizePx): number {
  const [x1, y1, x2, y2] = boxPx;
  const [perX, perY] = [source.widthPx / frame.widthPx, source.heightPx / frame.heightPx];
  const edgePx = Math.min((x2 - x1) / perX, (y2 - y1) / perY);
  if (edgePx < LEAST_EDGE_PX) return 0;
  const cut = x1 < perX || y1 < perY || x2 > source.widthPx - perX || y2 > source.heightPx - perY;
  return Math.min(1, edgePx / GOOD_EDGE_PX) * (cut ? CUT_SHARE : 1);
}

export interface LookLimits {
  /** Looks closer together than this see the same. */
  readonly spacingMs: number;
  /** After so many looks only a better one is worth a run of the model. */
  readonly enough: number;
}

/** Which looks at one object are worth a run of a second model. */
export class LookBudget {
  readonly #limits: LookLimits;
  #looks = 0;
  #bestQuality = 0;
  #lookedMonoMs = Number.NEGATIVE_INFINITY;

  constructor(limits: LookLimits) {
    this.#limits = limits;
  }

  /** Whether a look at a crop of this quality (see `cropQuality`) is worth it now. */
  wants(quality: number, monoMs: number): boolean {
    if (quality <= 0 || monoMs - this.#lookedMonoMs < this.#limits.spacingMs) return false;
    return this.#looks < this.#limits.enough || quality > this.#bestQuality * BETTER;
  }

  /** A look is on its way. */
  looking(monoMs: number): void {
    this.#lookedMonoMs = monoMs;
    this.#looks += 1;
  }

  /** A look that was asked for will not come. */
  notLooked(): void {
    this.#looks -= 1;
  }

  protected looked(quality: number): void {
    this.#bestQuality = Math.max(this.#bestQuality, quality);
  }
}
