import type { ZoneConfig } from '../config/camera-schema.ts';
import type { SizePx } from '../flow/geometry.ts';
import { anchorPx, type Sighting } from './sighting.ts';

/** An anchor must be this share of the box's height beyond the border, at least MIN_MARGIN_PX, to change sides. */
const MARGIN_OF_HEIGHT = 0.04;
const MIN_MARGIN_PX = 2;
/** And it must stay there for so long. */
const SETTLE_MS = 250;

export type ZoneChange =
  | { readonly type: 'entered' }
  | { readonly type: 'left' }
  | { readonly type: 'dwelled'; readonly dwellMs: number };

/** One object and one zone: whether its anchor is inside, with hysteresis in place and time. */
export class ZoneWatch {
  readonly #zone: ZoneConfig;
  #inside = false;
  #enteredMonoMs = 0;
  #dwelled = false;
  #first = true;
  /** Since when the anchor is firmly on the other side. */
  #changingSinceMonoMs: number | undefined;

  constructor(zone: ZoneConfig) {
    this.#zone = zone;
  }

  get inside(): boolean {
    return this.#inside;
  }

  /** The object was seen. */
  see(sighting: Sighting): ZoneChange[] {
    const { boxPx, frame, monoMs } = sighting;
    const depth = depthPx(anchorPx(boxPx), this.#zone.polygon, frame.source);
    const margin = Math.max(MIN_MARGIN_PX, MARGIN_OF_HEIGHT * (boxPx[3] - boxPx[1]));
    if (this.#first) {
      // Something that appears inside is inside; there is no earlier side to hold on to.
      this.#first = false;
      return depth > 0 ? this.#enter(monoMs) : [];
    }
    const beyond = this.#inside ? depth < -margin : depth > margin;
    if (!beyond) {
      this.#changingSinceMonoMs = undefined;
      return this.pass(monoMs);
    }
    this.#changingSinceMonoMs ??= monoMs;
    if (monoMs - this.#changingSinceMonoMs < SETTLE_MS) return this.pass(monoMs);
    if (!this.#inside) return this.#enter(this.#changingSinceMonoMs);
    this.#inside = false;
    this.#changingSinceMonoMs = undefined;
    return [{ type: 'left' }];
  }

  /** Time went by, whether the object was seen or not. */
  pass(monoMs: number): ZoneChange[] {
    const stayMs = monoMs - this.#enteredMonoMs;
    const { dwellMs } = this.#zone;
    if (!this.#inside || this.#dwelled || dwellMs === undefined || stayMs < dwellMs) return [];
    this.#dwelled = true;
    return [{ type: 'dwelled', dwellMs: Math.round(stayMs) }];
  }

  #enter(sinceMonoMs: number): ZoneChange[] {
    this.#inside = true;
    this.#dwelled = false;
    this.#enteredMonoMs = sinceMonoMs;
    this.#changingSinceMonoMs = undefined;
    return [{ type: 'entered' }];
  }
}

/** Distance of a point to a polygon's border in source pixels, positive inside. */
function depthPx(
  [x, y]: readonly [number, number],
  polygon: ZoneConfig['polygon'],
  { widthPx, heightPx }: SizePx,
): number {
  let inside = false;
  let nearest = Number.POSITIVE_INFINITY;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const ax = polygon[j]![0] * widthPx;
    const ay = polygon[j]![1] * heightPx;
    const bx = polygon[i]![0] * widthPx;
    const by = polygon[i]![1] * heightPx;
    // Even-odd rule: a ray to the right crosses the border an odd number of times.
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    const lengthSquared = (bx - ax) ** 2 + (by - ay) ** 2;
    const along =
      lengthSquared === 0
        ? 0
        : Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / lengthSquared));
    nearest = Math.min(nearest, Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)));
  }
  return inside ? nearest : -nearest;
}
