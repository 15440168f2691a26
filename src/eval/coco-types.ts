import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, OcellusError } from '../base/errors.ts';

const boxXywh = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/** The parts of a COCO annotation file that box evaluation reads (cocodataset.org/#format-data). */
export const cocoAnnotationsSchema = z.object({
  images: z.array(
    z.object({
      id: z.number(),
      file_name: z.string().optional(),
      width: z.number().optional(),
      height: z.number().optional(),
    }),
  ),
  categories: z.array(z.object({ id: z.number(), name: z.string() })),
  annotations: z.array(
    z.object({
      id: z.number(),
      image_id: z.number(),
      category_id: z.number(),
      bbox: boxXywh,
      area: z.number(),
      /** A region with many objects of the class, none of which is annotated on its own. */
      iscrowd: z.union([z.literal(0), z.literal(1)]).default(0),
      /** Neither missed nor found: Pascal VOC's `difficult`. COCO files have no such thing, and `ignore` of theirs is not read. */
      difficult: z.boolean().optional(),
    }),
  ),
});

/** A COCO result file: an array of scored boxes. */
export const cocoResultsSchema = z.array(
  z.object({ image_id: z.number(), category_id: z.number(), bbox: boxXywh, score: z.number() }),
);

export type CocoAnnotations = z.infer<typeof cocoAnnotationsSchema>;
export type CocoAnnotation = CocoAnnotations['annotations'][number];
export type CocoImage = CocoAnnotations['images'][number];
export type CocoResult = z.infer<typeof cocoResultsSchema>[number];

/** @throws OcellusError `data_invalid` */
export function readCocoAnnotations(path: string): CocoAnnotations {
  return parseAs(cocoAnnotationsSchema, readText(path), path, 'COCO annotations');
}

/** @throws OcellusError `data_invalid` */
export function readCocoResults(path: string): CocoResult[] {
  return parseAs(cocoResultsSchema, readText(path), path, 'COCO results');
}

/** @throws OcellusError `io_failed` */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new OcellusError('io_failed', `cannot read ${path}: ${messageOf(cause)}`, {
      hint: 'check the path, and that the user of this process may read it',
      cause,
    });
  }
}

/** @throws OcellusError `data_invalid` with the first things that are wrong */
export function parseAs<T>(schema: z.ZodType<T>, text: string, path: string, what: string): T {
  const hint = 'see cocodataset.org/#format-data and #format-results';
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw new OcellusError('data_invalid', `${path} is not JSON: ${messageOf(cause)}`, { hint, cause });
  }
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues
    .slice(0, 3)
    .map(({ path: at, message }) => `${at.join('.') || 'the document'}: ${message}`);
  throw new OcellusError('data_invalid', `${path} does not hold ${what}: ${issues.join('; ')}`, { hint });
}
