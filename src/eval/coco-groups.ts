import { boxIous } from './box-iou.ts';
import type { CocoAnnotation, CocoAnnotations, CocoResult } from './coco-types.ts';

/** What one photo has of one class. */
export interface PhotoGroup {
  readonly imageId: number;
  /** Best score first, equal scores in the order of the file, as many as are looked at. */
  readonly detections: readonly CocoResult[];
  readonly objects: readonly CocoAnnotation[];
  /** IoU of detection d and object g at `d * objects.length + g`. */
  readonly ious: Float64Array;
}

export interface ClassGroups {
  readonly categoryId: number;
  /** In the order of photo numbers; photos with neither detection nor object are left out. */
  readonly photos: readonly PhotoGroup[];
}

/**
 * Sorts detections and objects by class and photo, both in ascending order of their numbers, as pycocotools does.
 * What belongs to a photo or class that `truth` does not list is left out.
 *
 * @param maxDetections most detections of one photo and class that are kept
 */
export function groupByClassAndPhoto(
  truth: CocoAnnotations,
  results: readonly CocoResult[],
  maxDetections: number,
): ClassGroups[] {
  const imageIds = ascending(truth.images);
  const objects = byClassAndImage(truth.annotations);
  const detections = byClassAndImage(results);
  return ascending(truth.categories).map((categoryId) => {
    const classObjects = objects.get(categoryId);
    const classDetections = detections.get(categoryId);
    const photos: PhotoGroup[] = [];
    for (const imageId of imageIds) {
      const found = classDetections?.get(imageId);
      const there = classObjects?.get(imageId) ?? [];
      if (found === undefined && there.length === 0) continue;
      const best = (found ?? []).sort((a, b) => b.score - a.score).slice(0, maxDetections);
      photos.push({ imageId, detections: best, objects: there, ious: boxIous(best, there) });
    }
    return { categoryId, photos };
  });
}

function ascending(items: readonly { readonly id: number }[]): number[] {
  return [...new Set(items.map(({ id }) => id))].sort((a, b) => a - b);
}

function byClassAndImage<T extends { readonly category_id: number; readonly image_id: number }>(
  items: readonly T[],
): Map<number, Map<number, T[]>> {
  const classes = new Map<number, Map<number, T[]>>();
  for (const item of items) {
    let images = classes.get(item.category_id);
    if (images === undefined) {
      images = new Map();
      classes.set(item.category_id, images);
    }
    const group = images.get(item.image_id);
    if (group === undefined) images.set(item.image_id, [item]);
    else group.push(item);
  }
  return classes;
}
