import { boxIous } from './box-iou.ts';
import type { CocoAnnotation, CocoAnnotations, CocoResult } from './coco-types.ts';

/** IoU from which a detection is taken to be at the place of an object. */
const OUTCOME_IOU = 0.5;

/** What became of the objects and detections of one photo at one score threshold. */
export interface PhotoOutcome {
  readonly imageId: number;
  readonly objects: readonly CocoAnnotation[];
  readonly detections: readonly CocoResult[];
  /** Per detection: index of its object among `objects`, or -1. */
  readonly objectOf: readonly number[];
  /** Objects that no detection of any class is at. */
  readonly missed: number;
  /** Detections at no object. */
  readonly false: number;
  /** Detections at an object of another class. */
  readonly confused: number;
}

/** How often an object of one class was detected as what. */
export interface ConfusionMatrix {
  /** In the order of rows and columns; the last row and the last column are the background. */
  readonly categoryIds: readonly number[];
  /** At `true class * (classes + 1) + detected class`. */
  readonly counts: Int32Array;
}

/**
 * Pairs objects and detections of every photo regardless of class: of all pairs with an IoU of 0.5 or more, the best first.
 * Detections in crowds and on difficult objects are left out, as those objects are.
 *
 * @param minScore detections below it are left out
 */
export function detectionOutcomes(
  truth: CocoAnnotations,
  results: readonly CocoResult[],
  minScore: number,
): PhotoOutcome[] {
  const categories = new Set(truth.categories.map(({ id }) => id));
  const annotationsOf = byImage(truth.annotations);
  const detectionsOf = byImage(
    results.filter(({ score, category_id }) => score >= minScore && categories.has(category_id)),
  );
  return truth.images.map(({ id }) => outcomeOf(id, annotationsOf.get(id) ?? [], detectionsOf.get(id) ?? []));
}

export function confusionMatrix(
  { categories }: Pick<CocoAnnotations, 'categories'>,
  outcomes: readonly PhotoOutcome[],
): ConfusionMatrix {
  const categoryIds = categories.map(({ id }) => id);
  const indexOf = new Map(categoryIds.map((id, index) => [id, index]));
  const background = categoryIds.length;
  const width = background + 1;
  const counts = new Int32Array(width * width);
  for (const { objects, detections, objectOf } of outcomes) {
    const found = new Set(objectOf);
    detections.forEach(({ category_id }, d) => {
      const object = objects[objectOf[d]!];
      const row = object === undefined ? background : indexOf.get(object.category_id)!;
      counts[row * width + indexOf.get(category_id)!]! += 1;
    });
    objects.forEach(({ category_id }, g) => {
      if (!found.has(g)) counts[indexOf.get(category_id)! * width + background]! += 1;
    });
  }
  return { categoryIds, counts };
}

function outcomeOf(
  imageId: number,
  annotations: readonly CocoAnnotation[],
  found: readonly CocoResult[],
): PhotoOutcome {
  const excused = annotations.filter(isExcused);
  const objects = annotations.filter((annotation) => !isExcused(annotation));
  const detections = withoutExcused(found, objects, excused);
  const ious = boxIous(detections, objects);
  const pairs = [...ious.keys()]
    .filter((pair) => ious[pair]! >= OUTCOME_IOU)
    .sort((a, b) => ious[b]! - ious[a]! || a - b);
  const objectOf = new Array<number>(detections.length).fill(-1);
  const taken = new Set<number>();
  for (const pair of pairs) {
    const d = Math.floor(pair / objects.length);
    const g = pair % objects.length;
    if (objectOf[d] !== -1 || taken.has(g)) continue;
    objectOf[d] = g;
    taken.add(g);
  }
  const confused = detections.filter(({ category_id }, d) => {
    const object = objects[objectOf[d]!];
    return object !== undefined && object.category_id !== category_id;
  }).length;
  return {
    imageId,
    objects,
    detections,
    objectOf,
    missed: objects.length - taken.size,
    false: objectOf.filter((g) => g === -1).length,
    confused,
  };
}

function isExcused({ iscrowd, difficult }: CocoAnnotation): boolean {
  return iscrowd === 1 || difficult === true;
}

/** A detection that is at no object that counts, but at one that does not, is neither right nor wrong. */
function withoutExcused(
  detections: readonly CocoResult[],
  objects: readonly CocoAnnotation[],
  excused: readonly CocoAnnotation[],
): CocoResult[] {
  const reaches = (d: number, ious: Float64Array, columns: number) =>
    ious.subarray(d * columns, (d + 1) * columns).some((iou) => iou >= OUTCOME_IOU);
  const counting = boxIous(detections, objects);
  const excusing = boxIous(detections, excused);
  return detections.filter(
    (_, d) => reaches(d, counting, objects.length) || !reaches(d, excusing, excused.length),
  );
}

function byImage<T extends { readonly image_id: number }>(items: readonly T[]): Map<number, T[]> {
  const images = new Map<number, T[]>();
  for (const item of items) {
    const group = images.get(item.image_id);
    if (group === undefined) images.set(item.image_id, [item]);
    else group.push(item);
  }
  return images;
}
