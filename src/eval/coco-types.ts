import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, OcellusError } from '../base/errors.ts';

const boxXywh = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/** The parts of a COCO annotation file that box evaluation reads (cocodataset.org/#format-data). */
export const cocoAnnotationsSchema = z.object({
  images: z.array(z.object({ id: z.number(), file_name: z.string(), width: z.number(), height: z.number() })),
  categories: z.array(z.object({ id: z.number(), name: z.string() })),
  annotations: z.array(
    z.object({
      id: z.number(),
      image_id: z.number(),
      category_id: z.number(),
      bbox: boxXywh,
      area: z.number(),
      iscrowd: z.union([z.literal(0), z.literal(1)]),
    }),
  ),
});

/** A COCO result file: an array of scored boxes. */
export const cocoResultsSchema = z.array(
  z.object({ image_id: z.number(), category_id: z.number(), bbox: boxXywh, score: z.number() }),
);

export type CocoAnnotations = z.infer<typeof cocoAnnotationsSchema>;
export type CocoAnnotation = CocoAnnotations['annotations'][number];
export type CocoResult = z.infer<typeof cocoResultsSchema>[number];

/** @throws OcellusError `data_invalid` */
export function readCocoAnnotations(path: string): CocoAnnotations {
  return readAs(cocoAnnotationsSchema, path, 'COCO annotations');
}

/** @throws OcellusError `data_invalid` */
export function readCocoResults(path: string): CocoResult[] {
  return readAs(cocoResultsSchema, path, 'COCO results');
}

function readAs<T>(schema: z.ZodType<T>, path: string, what: string): T {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new OcellusError(
      'data_invalid',
      `${path} does not hold ${what}: ${messageOf(error).slice(0, 500)}`,
      {
        hint: 'see cocodataset.org/#format-data and #format-results',
        cause: error,
      },
    );
  }
}
