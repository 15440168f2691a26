import type { BoxPx, SizePx } from '../flow/geometry.ts';
import type { Appearance } from '../flow/scene-memory.ts';
import type { Track } from '../flow/track.ts';
import { colourDistance } from './appearance.ts';
import { centrePx, extentPx, type Sighting } from './sighting.ts';

// Geometry that decides whether two sightings can be one object. All limits are in units of the object's own extent, so
// that they hold near the camera and far from it.

/** A box with this much of the smaller one inside the larger one is taken for a second view of the same object. */
const COVERED_SHARE = 0.6;
/** How far from its predicted place an object may come back, in extents: at once, and more for each second of absence. */
const REACH = 0.6;
const REACH_PER_S = 0.8;
/** Extents of the two sightings may differ by this factor: people come back half hidden. */
const MAX_SIZE_RATIO = 2.5;
/** The same for one that was seen only once: nobody knows how fast it goes. */
const UNKNOWN_REACH_PER_S = 2.5;
/** A velocity is believed for so long; after that nobody knows where an unseen object went. */
const PREDICT_MS = 1_000;
/** So near to where it is expected, as a share of its reach, an object is itself, whatever hides a part of it. */
export const EXPECTED = 0.2;
/** An object is walking out, or has turned, when it moves by so many extents a second. */
const WALKING_PER_S = 0.4;
const EXIT_AHEAD_S = 0.4;
/** What the edge cuts off and then comes in is the same one only if its colours are. */
export const TURNED_STRANGENESS = 0.15;
/** Another box over this share of one may be in front of it. */
const CLEAR_SHARE = 0.15;
/** Colours of one object differ by this from look to look; by OTHER more they are another's, wherever it is, levels. */
const SAME_COLOUR = 8;
const OTHER_COLOUR = 16;
/** An unseen object counts as leaving once this share of its predicted box lies outside the picture. */
const OUTSIDE_SHARE = 0.35;

/** True when one box lies mostly within the other (intersection over the smaller area). */
export function covers(a: BoxPx, b: BoxPx): boolean {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return false;
  const smaller = Math.min(area(a), area(b));
  return smaller > 0 && (width * height) / smaller >= COVERED_SHARE;
}

/** True when no other box covers a good part of this one: what is in it is the object itself. */
export function isClear(one: { readonly boxPx: BoxPx }, all: readonly { readonly boxPx: BoxPx }[]): boolean {
  const [x1, y1, x2, y2] = one.boxPx;
  const limit = CLEAR_SHARE * area(one.boxPx);
  return all.every((other) => {
    if (other === one) return true;
    const width = Math.min(x2, other.boxPx[2]) - Math.max(x1, other.boxPx[0]);
    const height = Math.min(y2, other.boxPx[3]) - Math.max(y1, other.boxPx[1]);
    return width <= 0 || height <= 0 || width * height <= limit;
  });
}

/** True when the picture's edge may cut off a part of the object, but for its upper edge. */
export function isCut([x1, , x2, y2]: BoxPx, { widthPx, heightPx }: SizePx): boolean {
  return x1 <= 1 || x2 >= widthPx - 1 || y2 >= heightPx - 1;
}

/** Where the object of `last` should be at `monoMs` if it went on as it moved. */
export function predict(last: Sighting, monoMs: number): BoxPx {
  const seconds = Math.min(PREDICT_MS, Math.max(0, monoMs - last.monoMs)) / 1000;
  const dx = last.velocityPxPerS[0] * seconds;
  const dy = last.velocityPxPerS[1] * seconds;
  const [x1, y1, x2, y2] = last.boxPx;
  return [x1 + dx, y1 + dy, x2 + dx, y2 + dy];
}

/**
 * How far `now` is from where the object of `last` could have got to: 0 at its predicted or its last place, 1 at the limit;
 * undefined when it is out of reach or of another size.
 */
export function continuationCost(last: Sighting, now: BoxPx, monoMs: number): number | undefined {
  const lastExtent = extentPx(last.boxPx);
  const nowExtent = extentPx(now);
  if (Math.max(lastExtent, nowExtent) / Math.min(lastExtent, nowExtent) > MAX_SIZE_RATIO) return undefined;
  const perS = last.velocityPxPerS.every((v) => v === 0) ? UNKNOWN_REACH_PER_S : REACH_PER_S;
  const reach = (REACH + (perS * Math.max(0, monoMs - last.monoMs)) / 1000) * Math.max(lastExtent, nowExtent);
  // It may have walked on or stopped: either place is a good guess.
  const distance = Math.min(distancePx(predict(last, monoMs), now), distancePx(last.boxPx, now));
  return distance <= reach ? distance / reach : undefined;
}

/** What colours add to the cost of a continuation: 0 for the same ones or when nothing can be said, 1 for those of another. */
export function strangeness(known: Appearance, now: Appearance | undefined): number {
  if (now === undefined) return 0;
  return Math.max(0, colourDistance(known, now) - SAME_COLOUR) / OTHER_COLOUR;
}

/** True when an object last seen so will by `monoMs` have gone out of the picture in good part. */
export function isLeaving(last: Sighting, monoMs: number): boolean {
  const predicted = predict(last, monoMs);
  const inside = area(clip(predicted, last.frame.source));
  return inside < (1 - OUTSIDE_SHARE) * area(predicted);
}

/** True when an object was walking out of the picture and this is somebody who does not walk that way. */
export function isAnother(last: Sighting, velocity: Sighting['velocityPxPerS'], monoMs: number): boolean {
  const [vx, vy] = last.velocityPxPerS;
  return isLeaving(last, monoMs) && vx * velocity[0] + vy * velocity[1] <= 0;
}

/** True when two walk in opposite directions: neither is a view of the other, nor the last of it. */
export function walksApart(a: Sighting, b: Sighting): boolean {
  const [ax, ay] = a.velocityPxPerS;
  const [bx, by] = b.velocityPxPerS;
  const walking = WALKING_PER_S * Math.max(extentPx(a.boxPx), extentPx(b.boxPx));
  return ax * bx + ay * by < 0 && Math.hypot(ax - bx, ay - by) > walking;
}

/** Through which side of the picture an object is about to walk out: -1 left, 1 right, 0 neither. */
export function exitSide({ boxPx, velocityPxPerS: [vx], frame: { source } }: Sighting): -1 | 0 | 1 {
  if (Math.abs(vx) < WALKING_PER_S * extentPx(boxPx)) return 0;
  if (boxPx[0] + vx * EXIT_AHEAD_S < 0) return -1;
  return boxPx[2] + vx * EXIT_AHEAD_S > source.widthPx ? 1 : 0;
}

/** True when one that was walking out through `side` seems to come in there, and does not look the same. */
export function isOtherComing(
  side: -1 | 0 | 1,
  track: Pick<Track, 'boxPx' | 'velocityPxPerS'>,
  strange: number,
): boolean {
  const inward = -side * track.velocityPxPerS[0];
  return side !== 0 && inward > WALKING_PER_S * extentPx(track.boxPx) && strange > TURNED_STRANGENESS;
}

function clip(box: BoxPx, { widthPx, heightPx }: SizePx): BoxPx {
  return [Math.max(0, box[0]), Math.max(0, box[1]), Math.min(widthPx, box[2]), Math.min(heightPx, box[3])];
}

function area(box: BoxPx): number {
  return Math.max(0, box[2] - box[0]) * Math.max(0, box[3] - box[1]);
}

function distancePx(a: BoxPx, b: BoxPx): number {
  const [ax, ay] = centrePx(a);
  const [bx, by] = centrePx(b);
  return Math.hypot(ax - bx, ay - by);
}
