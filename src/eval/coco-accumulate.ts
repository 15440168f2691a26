import type { PhotoGroup } from './coco-groups.ts';
import { IOU_THRESHOLDS, type PhotoMatches } from './coco-matching.ts';

/** Recall 0, .01, ... 1. */
export const RECALL_LEVELS: readonly number[] = Array.from({ length: 101 }, (_, i) => i * 0.01);

/** numpy's `spacing(1)`, which keeps pycocotools' division defined. */
const EPSILON = Number.EPSILON;

/** Precision and recall of one class at one IoU threshold. */
export interface PrecisionRecall {
  /** Interpolated precision at each of `RECALL_LEVELS`; 0 beyond the recall that is reached. */
  readonly precision: Float64Array;
  /** Score of the detection that reaches each level; 0 beyond. */
  readonly score: Float64Array;
  /** The highest recall that is reached. */
  readonly recall: number;
}

/**
 * `COCOeval.accumulate` of pycocotools for one class: one curve per IoU threshold, undefined when it has no object that
 * counts.
 *
 * @param limit most detections of one photo
 */
export function accumulate(
  photos: readonly PhotoGroup[],
  matches: readonly PhotoMatches[],
  limit: number,
): PrecisionRecall[] | undefined {
  let objects = 0;
  let total = 0;
  for (const match of matches) {
    objects += match.objects;
    total += Math.min(limit, match.detections);
  }
  if (objects === 0) return undefined;
  const scores = new Float64Array(total);
  const matched = new Uint16Array(total);
  const ignored = new Uint16Array(total);
  let at = 0;
  for (let photo = 0; photo < photos.length; photo += 1) {
    const { detections } = photos[photo]!;
    const match = matches[photo]!;
    for (let d = 0; d < detections.length && d < limit; d += 1, at += 1) {
      scores[at] = detections[d]!.score;
      matched[at] = match.matched[d]!;
      ignored[at] = match.ignored[d]!;
    }
  }
  // Equal scores keep their order, as numpy's mergesort does.
  const order = Int32Array.from({ length: total }, (_, i) => i).sort(
    (a, b) => scores[b]! - scores[a]! || a - b,
  );
  // One pair for all thresholds: thousands of short-lived arrays cost more than what is written into them.
  const precisions = new Float64Array(total);
  const recalls = new Float64Array(total);
  return IOU_THRESHOLDS.map((_, threshold) => {
    const bit = 1 << threshold;
    let truePositives = 0;
    let falsePositives = 0;
    for (let rank = 0; rank < total; rank += 1) {
      const candidate = order[rank]!;
      if ((ignored[candidate]! & bit) === 0) {
        if ((matched[candidate]! & bit) === 0) falsePositives += 1;
        else truePositives += 1;
      }
      recalls[rank] = truePositives / objects;
      precisions[rank] = truePositives / (falsePositives + truePositives + EPSILON);
    }
    for (let i = total - 1; i > 0; i -= 1) {
      if (precisions[i]! > precisions[i - 1]!) precisions[i - 1] = precisions[i]!;
    }
    return interpolate(precisions, recalls, order, scores);
  });
}

function interpolate(
  precisions: Float64Array,
  recalls: Float64Array,
  order: Int32Array,
  scores: Float64Array,
): PrecisionRecall {
  const precision = new Float64Array(RECALL_LEVELS.length);
  const score = new Float64Array(RECALL_LEVELS.length);
  let rank = 0;
  for (let level = 0; level < RECALL_LEVELS.length; level += 1) {
    while (rank < recalls.length && recalls[rank]! < RECALL_LEVELS[level]!) rank += 1;
    if (rank === recalls.length) break;
    precision[level] = precisions[rank]!;
    score[level] = scores[order[rank]!]!;
  }
  return { precision, score, recall: recalls.at(-1) ?? 0 };
}
