import type { CocoAnnotation, CocoResult } from './coco-types.ts';

/** IoU thresholds .50:.05:.95, as numpy's linspace gives them. */
export const IOU_THRESHOLDS: readonly number[] = Array.from(
  { length: 10 },
  (_, i) => 0.5 + i * ((0.95 - 0.5) / 9),
);

/** What one photo contributes to one class within one range of areas. */
export interface PhotoMatches {
  /** Scores of the detections, best first. */
  readonly scores: readonly number[];
  /** Per threshold and detection: matched to an object. */
  readonly matched: readonly Uint8Array[];
  /** Per threshold and detection: counts neither for nor against. */
  readonly ignored: readonly Uint8Array[];
  /** Objects that count. */
  readonly objects: number;
}

/** Objects outside the range of areas, and crowds, are neither missed nor found. */
export interface AreaRange {
  readonly min: number;
  readonly max: number;
}

/**
 * Detections and objects of one photo and class matched at every IoU threshold, as `COCOeval.evaluateImg` of pycocotools:
 * each detection, best score first, takes the free object of highest IoU; objects to be ignored only when there is no other.
 *
 * @param ious of detection d and object g at `d * objects.length + g`, in the order given
 * @param detections best score first
 */
export function matchPhoto(
  detections: readonly CocoResult[],
  objects: readonly CocoAnnotation[],
  ious: Float64Array,
  range: AreaRange,
): PhotoMatches {
  const outside = (area: number) => area < range.min || area > range.max;
  const ignore = objects.map(({ iscrowd, area }) => iscrowd === 1 || outside(area));
  const order = [...objects.keys()].sort((a, b) => Number(ignore[a]) - Number(ignore[b]));
  const matched: Uint8Array[] = [];
  const ignored: Uint8Array[] = [];
  for (const threshold of IOU_THRESHOLDS) {
    const taken = new Uint8Array(objects.length);
    const matchedNow = new Uint8Array(detections.length);
    const ignoredNow = new Uint8Array(detections.length);
    for (const [d, detection] of detections.entries()) {
      const g = bestObject(d, order, objects, ious, taken, ignore, threshold);
      if (g === undefined) {
        ignoredNow[d] = Number(outside(detection.bbox[2] * detection.bbox[3]));
        continue;
      }
      taken[g] = 1;
      matchedNow[d] = 1;
      ignoredNow[d] = Number(ignore[g]);
    }
    matched.push(matchedNow);
    ignored.push(ignoredNow);
  }
  return {
    scores: detections.map(({ score }) => score),
    matched,
    ignored,
    objects: ignore.filter((ignoring) => !ignoring).length,
  };
}

function bestObject(
  d: number,
  order: readonly number[],
  objects: readonly CocoAnnotation[],
  ious: Float64Array,
  taken: Uint8Array,
  ignore: readonly boolean[],
  threshold: number,
): number | undefined {
  let bestIou = Math.min(threshold, 1 - 1e-10);
  let best: number | undefined;
  for (const g of order) {
    // A crowd may be matched any number of times.
    if (taken[g] === 1 && objects[g]!.iscrowd === 0) continue;
    // Those to be ignored come last: once an object that counts is matched, they are of no interest.
    if (best !== undefined && !ignore[best] && ignore[g]) break;
    const iou = ious[d * objects.length + g]!;
    if (iou < bestIou) continue;
    bestIou = iou;
    best = g;
  }
  return best;
}

/** IoU of every detection with every object; with a crowd, the share of the detection that lies in it. */
export function pairwiseIou(
  detections: readonly CocoResult[],
  objects: readonly CocoAnnotation[],
): Float64Array {
  const ious = new Float64Array(detections.length * objects.length);
  for (const [d, { bbox: a }] of detections.entries()) {
    for (const [g, { bbox: b, iscrowd }] of objects.entries()) {
      const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
      const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
      if (width <= 0 || height <= 0) continue;
      const intersection = width * height;
      const area = a[2] * a[3];
      const union = iscrowd === 1 ? area : area + b[2] * b[3] - intersection;
      ious[d * objects.length + g] = intersection / union;
    }
  }
  return ious;
}
