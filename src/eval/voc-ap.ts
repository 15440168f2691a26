import { groupByClassAndPhoto, type PhotoGroup } from './coco-groups.ts';
import type { CocoAnnotations, CocoResult } from './coco-types.ts';

/** Pascal VOC's IoU from which a detection is at the place of an object. */
const VOC_IOU = 0.5;
const POINTS_2007 = 11;

/** AP of one class at IoU 0.5; -1 where it has no object. */
export interface VocClass {
  readonly categoryId: number;
  readonly name: string;
  /** Objects that count: not difficult, no crowd. */
  readonly objects: number;
  /** VOC 2010 and later: the area under the precision envelope. */
  readonly ap: number;
  /** VOC 2007: mean of the best precision at recall 0, .1, ... 1 or more. */
  readonly ap11: number;
}

export interface VocScores {
  /** Means over the classes that have objects. */
  readonly ap50: number;
  readonly ap50Points11: number;
  readonly classes: readonly VocClass[];
}

/**
 * Average precision as the Pascal VOC development kit computes it (`VOCevaldet.m`, `VOCap.m`): every detection goes to the
 * object that it overlaps most; a second one of the same object is wrong, one of a difficult object does not count. All
 * detections of a photo are looked at. Crowds count as difficult.
 */
export function evaluateVocBoxes(truth: CocoAnnotations, results: readonly CocoResult[]): VocScores {
  const names = new Map(truth.categories.map(({ id, name }) => [id, name]));
  // VOC knows no crowds: their overlap is that of any box.
  const plain = {
    ...truth,
    annotations: truth.annotations.map((annotation) =>
      annotation.iscrowd === 1 ? { ...annotation, iscrowd: 0 as const, difficult: true } : annotation,
    ),
  };
  const classes = groupByClassAndPhoto(plain, results, Number.POSITIVE_INFINITY).map(
    ({ categoryId, photos }) => ({ categoryId, name: names.get(categoryId)!, ...classAp(photos) }),
  );
  const counting = classes.filter(({ objects }) => objects > 0);
  const mean = (of: (scores: VocClass) => number) =>
    counting.length === 0 ? -1 : counting.reduce((sum, scores) => sum + of(scores), 0) / counting.length;
  return { ap50: mean(({ ap }) => ap), ap50Points11: mean(({ ap11 }) => ap11), classes };
}

function classAp(photos: readonly PhotoGroup[]): Pick<VocClass, 'objects' | 'ap' | 'ap11'> {
  const objects = photos.reduce((sum, photo) => sum + photo.objects.filter(counts).length, 0);
  if (objects === 0) return { objects, ap: -1, ap11: -1 };
  const taken = new Map<PhotoGroup, Set<number>>(photos.map((photo) => [photo, new Set()]));
  const ranked = photos
    .flatMap((photo) => photo.detections.map(({ score }, index) => ({ photo, index, score })))
    .sort((a, b) => b.score - a.score);
  const precisions: number[] = [];
  const recalls: number[] = [];
  let truePositives = 0;
  let falsePositives = 0;
  for (const { photo, index } of ranked) {
    const object = mostOverlapped(photo, index);
    if (object !== undefined && !counts(photo.objects[object]!)) continue;
    if (object === undefined || taken.get(photo)!.has(object)) falsePositives += 1;
    else {
      taken.get(photo)!.add(object);
      truePositives += 1;
    }
    precisions.push(truePositives / (truePositives + falsePositives));
    recalls.push(truePositives / objects);
  }
  return { objects, ap: areaUnderEnvelope(precisions, recalls), ap11: elevenPoints(precisions, recalls) };
}

function counts({ difficult }: PhotoGroup['objects'][number]): boolean {
  return difficult !== true;
}

/** Index of the object of highest IoU, the first of equals; undefined when none reaches the threshold. */
function mostOverlapped({ objects, ious }: PhotoGroup, index: number): number | undefined {
  let best: number | undefined;
  let bestIou = VOC_IOU;
  for (let g = 0; g < objects.length; g += 1) {
    const iou = ious[index * objects.length + g]!;
    if (best === undefined ? iou < bestIou : iou <= bestIou) continue;
    bestIou = iou;
    best = g;
  }
  return best;
}

function areaUnderEnvelope(precisions: readonly number[], recalls: readonly number[]): number {
  let area = 0;
  let envelope = 0;
  for (let i = precisions.length - 1; i >= 0; i -= 1) {
    envelope = Math.max(envelope, precisions[i]!);
    area += (recalls[i]! - (recalls[i - 1] ?? 0)) * envelope;
  }
  return area;
}

function elevenPoints(precisions: readonly number[], recalls: readonly number[]): number {
  let sum = 0;
  for (let point = 0; point < POINTS_2007; point += 1) {
    const level = point / (POINTS_2007 - 1);
    let best = 0;
    for (let i = 0; i < recalls.length; i += 1) {
      if (recalls[i]! >= level) best = Math.max(best, precisions[i]!);
    }
    sum += best;
  }
  return sum / POINTS_2007;
}
