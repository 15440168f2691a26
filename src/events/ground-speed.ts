import type { ZoneConfig } from '../config/camera-schema.ts';
import { anchorPx } from './area.ts';
import { Homography, type Point } from './homography.ts';
import type { Sighting } from './sighting.ts';

/** Speed is fitted to so much of the past, and not told before it covers half of that. */
const WINDOW_MS = 1_000;

interface GroundPoint {
  readonly monoMs: number;
  readonly metres: Point;
}

/** The ground of a zone, as its four points tell it; undefined where it states none. */
export function groundOf({ ground }: ZoneConfig): Homography | undefined {
  return (
    ground &&
    Homography.of(
      ground.map(({ at }) => at),
      ground.map(({ metres }) => metres),
    )
  );
}

/** How fast one object's anchor moves over the ground of one zone. */
export class GroundSpeed {
  readonly #zone: ZoneConfig;
  readonly #ground: Homography;
  #way: GroundPoint[] = [];

  constructor(zone: ZoneConfig, ground: Homography) {
    this.#zone = zone;
    this.#ground = ground;
  }

  /** Metres per second: the slope of the line fitted to the last second; null while too little is known. */
  get mPerS(): number | null {
    const [first] = this.#way;
    const last = this.#way.at(-1);
    if (first === undefined || last === undefined || last.monoMs - first.monoMs < WINDOW_MS / 2) return null;
    return Math.hypot(slope(this.#way, 0), slope(this.#way, 1));
  }

  /** The object was seen. @param inside whether the zone holds it */
  see({ boxPx, frame: { source }, monoMs }: Sighting, inside: boolean): void {
    const [x, y] = anchorPx(boxPx, this.#zone.anchor);
    const inPicture = x > 0 && x < source.widthPx && y > 0 && y < source.heightPx - 1;
    // A box that the picture's edge cuts off does not show where the object stands.
    const metres = inPicture ? this.#ground.map([x / source.widthPx, y / source.heightPx]) : undefined;
    if (!inside || metres === undefined) {
      this.#way = [];
      return;
    }
    this.#way.push({ monoMs, metres });
    while (this.#way.length > 2 && monoMs - this.#way[0]!.monoMs > WINDOW_MS) this.#way.shift();
  }
}

/** Least squares, per second. */
function slope(way: readonly GroundPoint[], axis: 0 | 1): number {
  const meanT = way.reduce((sum, { monoMs }) => sum + monoMs, 0) / way.length;
  const mean = way.reduce((sum, { metres }) => sum + metres[axis], 0) / way.length;
  let covariance = 0;
  let variance = 0;
  for (const { monoMs, metres } of way) {
    covariance += (monoMs - meanT) * (metres[axis] - mean);
    variance += (monoMs - meanT) ** 2;
  }
  return variance === 0 ? 0 : (covariance / variance) * 1000;
}
