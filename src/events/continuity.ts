import type { BoxPx, SizePx } from '../flow/geometry.ts';
import { centrePx, extentPx, type Sighting } from './sighting.ts';
import type { Subject } from './subject.ts';

// Geometry that decides whether two sightings can be one object. All limits are in units of the object's own extent, so
// that they hold near the camera and far from it.

/** A box with this much of the smaller one inside the larger one is taken for a second view of the same object. */
const COVERED_SHARE = 0.6;
/** How far from its predicted place an object may come back, in extents: at once, and more for each second of absence. */
const REACH = 0.6;
const REACH_PER_S = 0.8;
/** Extents of the two sightings may differ by this factor: people come back half hidden. */
const MAX_SIZE_RATIO = 2.5;
/** A velocity is believed for so long; after that nobody knows where an unseen object went. */
const PREDICT_MS = 1_000;
/** An unseen object counts as leaving once this share of its predicted box lies outside the picture. */
const OUTSIDE_SHARE = 0.25;

/** True when one box lies mostly within the other (intersection over the smaller area). */
export function covers(a: BoxPx, b: BoxPx): boolean {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return false;
  const smaller = Math.min(area(a), area(b));
  return smaller > 0 && (width * height) / smaller >= COVERED_SHARE;
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
  const reach =
    (REACH + (REACH_PER_S * Math.max(0, monoMs - last.monoMs)) / 1000) * Math.max(lastExtent, nowExtent);
  // It may have walked on or stopped: either place is a good guess.
  const distance = Math.min(distancePx(predict(last, monoMs), now), distancePx(last.boxPx, now));
  return distance <= reach ? distance / reach : undefined;
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

/** Whether a candidate may be a second view of an object that is believed already. */
export function isCovered(subject: Subject, objects: readonly Subject[]): boolean {
  return objects.some(
    (object) => object.label === subject.label && covers(object.last.boxPx, subject.last.boxPx),
  );
}
