import { IOU_THRESHOLDS, matchPhoto, type PhotoMatches, pairwiseIou } from './coco-matching.ts';
import type { CocoAnnotations, CocoResult } from './coco-types.ts';

/** COCO's size classes by area in square pixels. */
const AREA_RANGES = {
  all: { min: 0, max: 1e10 },
  small: { min: 0, max: 32 ** 2 },
  medium: { min: 32 ** 2, max: 96 ** 2 },
  large: { min: 96 ** 2, max: 1e10 },
} as const;
type AreaName = keyof typeof AREA_RANGES;

const RECALL_LEVELS = 101;
const RECALL_STEP = 0.01;
const MAX_DETECTIONS = [1, 10, 100] as const;

/** Precision and recall of every class and threshold, for one range of areas and one limit of detections per photo. */
interface Curves {
  /** Mean interpolated precision per IoU threshold and class; -1 where the class has no object. */
  readonly precision: readonly (readonly number[])[];
  readonly recall: readonly (readonly number[])[];
}

/** The twelve numbers of COCO detection evaluation, -1 where nothing is defined. */
export interface CocoStats {
  /**
   * AP, AP50, AP75, AP small, medium, large, AR at 1, 10, 100 detections, AR small, medium, large: pycocotools' `stats`.
   */
  readonly stats: readonly number[];
  readonly ap: number;
  readonly ap50: number;
}

/**
 * Box evaluation as `COCOeval` of pycocotools (iouType `bbox`) does it: 101-point interpolated precision, averaged over
 * classes and IoU .50:.05:.95, with crowds and areas ignored where they have to be.
 */
export function evaluateCocoBoxes(truth: CocoAnnotations, results: readonly CocoResult[]): CocoStats {
  const groups = groupByClassAndPhoto(truth, results);
  const curves = (area: AreaName, limit: number) => accumulateAll(groups, area, limit);
  const all = curves('all', 100);
  const bySize = (['small', 'medium', 'large'] as const).map((area) => curves(area, 100));
  const at = (threshold: number) => mean([all.precision[threshold]!]);
  const ap = mean(all.precision);
  const ap50 = at(0);
  const stats = [
    ap,
    ap50,
    at(5),
    ...bySize.map(({ precision }) => mean(precision)),
    ...MAX_DETECTIONS.map((limit) => mean(limit === 100 ? all.recall : curves('all', limit).recall)),
    ...bySize.map(({ recall }) => mean(recall)),
  ];
  return { stats, ap, ap50 };
}

interface PhotoGroup {
  readonly detections: CocoResult[];
  readonly objects: CocoAnnotations['annotations'];
  readonly ious: Float64Array;
}

/** Per class, in the order of class numbers, its photos in the order of photo numbers. */
function groupByClassAndPhoto(truth: CocoAnnotations, results: readonly CocoResult[]): PhotoGroup[][] {
  const photoIds = [...new Set(truth.images.map(({ id }) => id))].sort((a, b) => a - b);
  const classIds = [...new Set(truth.categories.map(({ id }) => id))].sort((a, b) => a - b);
  const key = (item: { image_id: number; category_id: number }) => `${item.category_id}/${item.image_id}`;
  const objects = groupBy(truth.annotations, key);
  const detections = groupBy(results, key);
  return classIds.map((category_id) =>
    photoIds.flatMap((image_id) => {
      const group = key({ image_id, category_id });
      const found = (detections.get(group) ?? []).sort((a, b) => b.score - a.score).slice(0, 100);
      const there = objects.get(group) ?? [];
      if (found.length === 0 && there.length === 0) return [];
      return [{ detections: found, objects: there, ious: pairwiseIou(found, there) }];
    }),
  );
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

function accumulateAll(groups: readonly PhotoGroup[][], area: AreaName, limit: number): Curves {
  const precision: number[][] = IOU_THRESHOLDS.map(() => []);
  const recall: number[][] = IOU_THRESHOLDS.map(() => []);
  for (const photos of groups) {
    const matches = photos.map(({ detections, objects, ious }) =>
      matchPhoto(detections, objects, ious, AREA_RANGES[area]),
    );
    for (const threshold of IOU_THRESHOLDS.keys()) {
      const curve = accumulate(matches, threshold, limit);
      precision[threshold]!.push(curve?.precision ?? -1);
      recall[threshold]!.push(curve?.recall ?? -1);
    }
  }
  return { precision, recall };
}

/** `COCOeval.accumulate` for one class: undefined when it has no object that counts. */
function accumulate(
  photos: readonly PhotoMatches[],
  threshold: number,
  limit: number,
): { precision: number; recall: number } | undefined {
  const objects = photos.reduce((sum, photo) => sum + photo.objects, 0);
  if (objects === 0) return undefined;
  const ranked = photos
    .flatMap(({ scores, matched, ignored }) =>
      scores.slice(0, limit).map((score, d) => ({
        score,
        matched: matched[threshold]![d] === 1,
        ignored: ignored[threshold]![d] === 1,
      })),
    )
    // Equal scores keep their order, as numpy's mergesort does.
    .sort((a, b) => b.score - a.score)
    .filter(({ ignored }) => !ignored);
  const precisions: number[] = [];
  const recalls: number[] = [];
  let truePositives = 0;
  for (const [rank, { matched }] of ranked.entries()) {
    if (matched) truePositives += 1;
    precisions.push(truePositives / (rank + 1));
    recalls.push(truePositives / objects);
  }
  for (let i = precisions.length - 1; i > 0; i--) {
    precisions[i - 1] = Math.max(precisions[i - 1]!, precisions[i]!);
  }
  return { precision: interpolated(precisions, recalls), recall: recalls.at(-1) ?? 0 };
}

/** Mean of the precision at recall 0, .01, ... 1; 0 beyond the recall that is reached. */
function interpolated(precisions: readonly number[], recalls: readonly number[]): number {
  let sum = 0;
  let at = 0;
  for (let level = 0; level < RECALL_LEVELS; level++) {
    // Multiplied as numpy's linspace does: recalls such as 29/100 lie right on a level.
    while (at < recalls.length && recalls[at]! < level * RECALL_STEP) at += 1;
    sum += precisions[at] ?? 0;
  }
  return sum / RECALL_LEVELS;
}

/** Mean over what is defined. */
function mean(rows: readonly (readonly number[])[]): number {
  const defined = rows.flat().filter((value) => value > -1);
  return defined.length === 0 ? -1 : defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
