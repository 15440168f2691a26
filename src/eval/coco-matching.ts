import type { PhotoGroup } from './coco-groups.ts';

/** IoU thresholds .50:.05:.95, as numpy's linspace gives them. */
export const IOU_THRESHOLDS: readonly number[] = Array.from({ length: 10 }, (_, i) =>
  i === 9 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9),
);

/** What one photo contributes to one class within one range of areas. */
export interface PhotoMatches {
  /** Detections, best score first. */
  readonly detections: number;
  /** Per detection one bit for each IoU threshold, the lowest bit for the first: matched to an object. */
  readonly matched: Uint16Array;
  /** Likewise: counts neither for nor against. */
  readonly ignored: Uint16Array;
  /** Objects that count. */
  readonly objects: number;
}

const EVERY_THRESHOLD = (1 << IOU_THRESHOLDS.length) - 1;

/** Objects outside the range of areas, in square pixels, are neither missed nor found; nor are crowds. */
export interface AreaRange {
  readonly min: number;
  readonly max: number;
}

/**
 * Detections and objects of one photo and class matched at every IoU threshold, as `COCOeval.evaluateImg` of pycocotools:
 * each detection, best score first, takes the free object of highest IoU; objects to be ignored only when there is no other.
 */
export function matchPhoto(group: PhotoGroup, range: AreaRange): PhotoMatches {
  const { detections, objects } = group;
  const count = detections.length;
  const matched = new Uint16Array(count);
  const ignored = new Uint16Array(count);
  for (let d = 0; d < count; d += 1) {
    const { bbox } = detections[d]!;
    const area = bbox[2] * bbox[3];
    // Holds where the detection stays without a match.
    if (area < range.min || area > range.max) ignored[d] = EVERY_THRESHOLD;
  }
  if (objects.length === 0) return { detections: count, matched, ignored, objects: 0 };
  const { ignore, order, counting } = rankObjects(objects, range);
  const taken = new Uint8Array(objects.length);
  for (let t = 0; t < IOU_THRESHOLDS.length && count > 0; t += 1) {
    const bit = 1 << t;
    taken.fill(0);
    for (let d = 0; d < count; d += 1) {
      const g = bestObject(group, d, order, taken, ignore, IOU_THRESHOLDS[t]!);
      if (g < 0) continue;
      taken[g] = 1;
      matched[d]! |= bit;
      if (ignore[g] === 1) ignored[d]! |= bit;
      else ignored[d]! &= ~bit;
    }
  }
  return { detections: count, matched, ignored, objects: counting };
}

/** Which objects are to be ignored, and all of them in the order in which they are tried: those that count come first. */
function rankObjects(
  objects: PhotoGroup['objects'],
  range: AreaRange,
): { ignore: Uint8Array; order: Int32Array; counting: number } {
  const ignore = new Uint8Array(objects.length);
  const order = new Int32Array(objects.length);
  let counting = 0;
  for (let g = 0; g < objects.length; g += 1) {
    const { area, iscrowd, difficult } = objects[g]!;
    if (iscrowd === 1 || difficult === true || area < range.min || area > range.max) ignore[g] = 1;
    else order[counting++] = g;
  }
  let last = counting;
  for (let g = 0; g < objects.length; g += 1) if (ignore[g] === 1) order[last++] = g;
  return { ignore, order, counting };
}

/** The object for detection `d`; -1 when it has none. @param order objects that count before those to be ignored */
function bestObject(
  { objects, ious }: PhotoGroup,
  d: number,
  order: Int32Array,
  taken: Uint8Array,
  ignore: Uint8Array,
  threshold: number,
): number {
  let bestIou = Math.min(threshold, 1 - 1e-10);
  let best = -1;
  const row = d * objects.length;
  for (const g of order) {
    const iou = ious[row + g]!;
    // Those to be ignored come last: once an object that counts is matched, they are of no interest.
    if (best >= 0 && ignore[best] === 0 && ignore[g] === 1) break;
    if (iou < bestIou) continue;
    // A crowd may be matched any number of times.
    if (taken[g] === 1 && objects[g]!.iscrowd === 0) continue;
    bestIou = iou;
    best = g;
  }
  return best;
}
