import { OcellusError } from '../base/errors.ts';
import type { CocoAnnotations } from './coco-types.ts';

/** The ground truth of some photos and classes; undefined: of all. */
export function selectTruth(
  truth: CocoAnnotations,
  imageIds: readonly number[] | undefined,
  categoryIds: readonly number[] | undefined,
): CocoAnnotations {
  const images = imageIds === undefined ? undefined : new Set(imageIds);
  const categories = categoryIds === undefined ? undefined : new Set(categoryIds);
  const keeps = (set: ReadonlySet<number> | undefined, id: number) => set === undefined || set.has(id);
  return {
    images: truth.images.filter(({ id }) => keeps(images, id)),
    categories: truth.categories.filter(({ id }) => keeps(categories, id)),
    annotations: truth.annotations.filter(
      ({ image_id, category_id }) => keeps(images, image_id) && keeps(categories, category_id),
    ),
  };
}

/** The numbers of the classes of these names. @throws OcellusError `usage` for a name that the ground truth does not have */
export function categoryIdsOf(truth: CocoAnnotations, names: readonly string[]): number[] {
  const ids = new Map(truth.categories.map(({ id, name }) => [name, id]));
  return names.map((name) => {
    const id = ids.get(name);
    if (id !== undefined) return id;
    throw new OcellusError('usage', `the annotations have no class "${name}"`, {
      hint: `they have ${[...ids.keys()].join(', ')}`,
    });
  });
}
