import { groupByClassAndPhoto } from './coco-groups.ts';
import { matchPhoto } from './coco-matching.ts';
import type { CocoAnnotations, CocoResult } from './coco-types.ts';

const EVERY_AREA = { min: 0, max: Number.POSITIVE_INFINITY };
const MOST_DETECTIONS = 100;

/**
 * How many detections of each range of scores are at an object of their class (IoU 0.5, as COCO matches), and how many are
 * not. Those that count neither way are left out.
 *
 * @param bins number of equal parts of 0..1
 */
export function countByScore(
  truth: CocoAnnotations,
  results: readonly CocoResult[],
  bins: number,
): { right: number[]; wrong: number[] } {
  const right = new Array<number>(bins).fill(0);
  const wrong = new Array<number>(bins).fill(0);
  for (const { photos } of groupByClassAndPhoto(truth, results, MOST_DETECTIONS)) {
    for (const photo of photos) {
      const { matched, ignored } = matchPhoto(photo, EVERY_AREA);
      photo.detections.forEach(({ score }, d) => {
        // The first threshold, 0.5, has the lowest bit.
        if ((ignored[d]! & 1) === 1) return;
        const bin = Math.min(bins - 1, Math.max(0, Math.floor(score * bins)));
        ((matched[d]! & 1) === 1 ? right : wrong)[bin]! += 1;
      });
    }
  }
  return { right, wrong };
}
