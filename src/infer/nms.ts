import type { Candidates } from './decode/candidates.ts';

/**
 * Greedy non-maximum suppression per class: best score first, a box falls when its IoU with a kept one of the same class is
 * above `iouThreshold` (as torchvision's `batched_nms`). Exact, and the same for the same input: equal scores keep the
 * order of the candidates.
 *
 * @returns indices of the kept candidates, best score first, at most `maxDetections`
 */
export function nonMaximumSuppression(
  candidates: Candidates,
  iouThreshold: number,
  maxDetections: number,
): number[] {
  const { boxes, classIds } = candidates;
  const order = byScore(candidates);
  const kept: number[] = [];
  for (const candidate of order) {
    if (kept.length >= maxDetections) break;
    let suppressed = false;
    for (const other of kept) {
      if (classIds[other] !== classIds[candidate]) continue;
      suppressed = overlapsMore(boxes, other, candidate, iouThreshold);
      if (suppressed) break;
    }
    if (!suppressed) kept.push(candidate);
  }
  return kept;
}

/** So many candidates, more than most pictures have, are put in order by insertion: a call per comparison costs more. */
const MOST_INSERTED = 128;

/** Indices of the candidates, best score first; equal scores in the order of the candidates. */
export function byScore({ scores, count }: Candidates): number[] {
  const order: number[] = [];
  if (count > MOST_INSERTED) {
    for (let index = 0; index < count; index++) order.push(index);
    return order.sort((a, b) => scores[b]! - scores[a]! || a - b);
  }
  for (let index = 0; index < count; index++) {
    const score = scores[index]!;
    let at = index;
    for (; at > 0 && scores[order[at - 1]!]! < score; at--) order[at] = order[at - 1]!;
    order[at] = index;
  }
  return order;
}

function overlapsMore(boxes: Float32Array, a: number, b: number, threshold: number): boolean {
  const a1 = boxes[4 * a]!;
  const a2 = boxes[4 * a + 1]!;
  const a3 = boxes[4 * a + 2]!;
  const a4 = boxes[4 * a + 3]!;
  const b1 = boxes[4 * b]!;
  const b2 = boxes[4 * b + 1]!;
  const b3 = boxes[4 * b + 2]!;
  const b4 = boxes[4 * b + 3]!;
  const width = Math.min(a3, b3) - Math.max(a1, b1);
  const height = Math.min(a4, b4) - Math.max(a2, b2);
  if (width <= 0 || height <= 0) return false;
  const intersection = width * height;
  const union = (a3 - a1) * (a4 - a2) + (b3 - b1) * (b4 - b2) - intersection;
  return intersection > threshold * union;
}
