import { basename, extname } from 'node:path';
import { z } from 'zod';
import { messageOf, OcellusError } from '../base/errors.ts';
import type { Detection } from '../flow/detection.ts';
import { type CocoAnnotations, type CocoResult, cocoResultsSchema, parseAs, readText } from './coco-types.ts';

/** A line that `ocellus detect --json` writes, as far as evaluation reads it. */
const detectLineSchema = z.object({
  image: z.string(),
  detections: z.array(
    z.object({
      label: z.string(),
      score: z.number(),
      boxPx: z.tuple([z.number(), z.number(), z.number(), z.number()]),
    }),
  ),
});

/** What the Pascal VOC classes are called in COCO's list, which detectors are trained with. */
const VOC_SYNONYMS: Readonly<Record<string, string>> = {
  aeroplane: 'airplane',
  diningtable: 'dining table',
  motorbike: 'motorcycle',
  pottedplant: 'potted plant',
  sofa: 'couch',
  tvmonitor: 'tv',
};

/** Detections as COCO results, and the labels among them that the ground truth does not have. */
export interface Predictions {
  readonly results: CocoResult[];
  readonly unknownLabels: readonly string[];
}

/** Turns labels into the class numbers of a ground truth. */
export class ClassMap {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #unknown = new Set<string>();

  constructor({ categories }: Pick<CocoAnnotations, 'categories'>) {
    const named = (name: (own: string) => string) =>
      categories.map(({ id, name: own }): [string, number] => [name(own.toLowerCase()), id]);
    // A class of exactly that name comes before a synonym.
    this.#ids = new Map([...named(usualName), ...named((own) => own)]);
  }

  /** Undefined for a label that the ground truth does not have. */
  idOf(label: string): number | undefined {
    const own = label.toLowerCase();
    const id = this.#ids.get(own) ?? this.#ids.get(usualName(own));
    if (id === undefined) this.#unknown.add(label);
    return id;
  }

  get unknown(): readonly string[] {
    return [...this.#unknown].sort();
  }
}

function usualName(name: string): string {
  return VOC_SYNONYMS[name] ?? name;
}

/** Detections of one photo as COCO results; those of labels that the ground truth does not have are left out. */
export function asResults(
  imageId: number,
  detections: readonly Pick<Detection, 'label' | 'score' | 'boxPx'>[],
  classes: ClassMap,
): CocoResult[] {
  return detections.flatMap(({ label, score, boxPx: [x1, y1, x2, y2] }) => {
    const category_id = classes.idOf(label);
    if (category_id === undefined) return [];
    return [{ image_id: imageId, category_id, bbox: [x1, y1, x2 - x1, y2 - y1], score } satisfies CocoResult];
  });
}

/**
 * Reads detections from a COCO result file, or from what `ocellus detect --json` wrote, whose photos are found by name.
 *
 * @throws OcellusError `io_failed`, `data_invalid` (also when a photo is not one of the ground truth)
 */
export function readPredictions(path: string, truth: CocoAnnotations): Predictions {
  const text = readText(path);
  if (!text.trimStart().startsWith('{')) {
    const results = parseAs(cocoResultsSchema, text, path, 'COCO results');
    refuseForeign(results, truth, path);
    return { results, unknownLabels: [] };
  }
  const classes = new ClassMap(truth);
  const imageIds = imageIdsByName(truth);
  const results: CocoResult[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const { image, detections } = readLine(line, `${path}:${index + 1}`);
    const imageId = imageIds.get(basename(image)) ?? imageIds.get(stemOf(image));
    if (imageId === undefined) throw foreign(path, `line ${index + 1} is about ${basename(image)}`);
    for (const result of asResults(imageId, detections, classes)) results.push(result);
  }
  return { results, unknownLabels: classes.unknown };
}

function readLine(line: string, place: string): z.infer<typeof detectLineSchema> {
  try {
    return detectLineSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new OcellusError(
      'data_invalid',
      `${place} is not a line of ocellus detect --json: ${messageOf(cause)}`,
      {
        hint: 'give a COCO result file (a JSON array), or the output of `ocellus detect --json`',
        cause,
      },
    );
  }
}

/** Whole file names first; the stem serves where photo and annotation differ in their suffix. */
function imageIdsByName({ images }: CocoAnnotations): Map<string, number> {
  const names = images.flatMap(({ id, file_name }) => (file_name === undefined ? [] : [{ id, file_name }]));
  return new Map([
    ...names.map(({ id, file_name }): [string, number] => [stemOf(file_name), id]),
    ...names.map(({ id, file_name }): [string, number] => [basename(file_name), id]),
  ]);
}

function stemOf(path: string): string {
  return basename(path, extname(path));
}

function refuseForeign(results: readonly CocoResult[], { images }: CocoAnnotations, path: string): void {
  const known = new Set(images.map(({ id }) => id));
  const stranger = results.find(({ image_id }) => !known.has(image_id));
  if (stranger !== undefined) throw foreign(path, `a result is about image_id ${stranger.image_id}`);
}

function foreign(path: string, what: string): OcellusError {
  return new OcellusError('data_invalid', `${path}: ${what}, which the annotations do not have`, {
    hint: 'give detections of the photos that are annotated, and the annotations that belong to them',
  });
}
