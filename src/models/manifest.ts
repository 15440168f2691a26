import { existsSync, readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { messageOf, OcellusError } from '../base/errors.ts';
import { OUTPUT_DECODERS } from '../config/schema.ts';
import { LABEL_SETS } from './labels.ts';

const unit = z.number().min(0).max(1);
const perChannel = z.tuple([z.number(), z.number(), z.number()]);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'use 64 lower-case hexadecimal digits');

export const INPUT_TYPES = ['float32', 'uint8'] as const;
export const LAYOUTS = ['nchw', 'nhwc', 'chw', 'hwc'] as const;
export const COLOUR_ORDERS = ['rgb', 'bgr'] as const;
export const PLACEMENTS = ['centre', 'top-left', 'stretch'] as const;

/** How pictures become the model's input. What is left out is recognised from the model. */
export const manifestInputSchema = z.strictObject({
  widthPx: z.int().min(32).max(8192).optional(),
  heightPx: z.int().min(32).max(8192).optional(),
  type: z
    .enum(INPUT_TYPES)
    .optional()
    .describe('uint8: the graph normalises, and pixels are fed as they are'),
  layout: z.enum(LAYOUTS).optional(),
  colourOrder: z.enum(COLOUR_ORDERS).optional(),
  scale: z
    .number()
    .positive()
    .optional()
    .describe('Multiplies a pixel of 0..255 first, e.g. 0.00392156862745098'),
  mean: perChannel.optional().describe('Subtracted after scale, in the order of the channels'),
  std: z
    .tuple([z.number().positive(), z.number().positive(), z.number().positive()])
    .optional()
    .describe('Divides after mean, in the order of the channels'),
  placement: z
    .enum(PLACEMENTS)
    .optional()
    .describe('Where the letterbox puts the picture; stretch: no letterbox, the picture fills the input'),
  padValue: z.int().min(0).max(255).optional().describe('Grey level around the picture'),
});

/** Where a model's file comes from. */
const sourceSchema = z.strictObject({
  url: z.url(),
  sha256: sha256
    .nullable()
    .describe('null: none is known; the hash of the first file that is fetched is recorded then'),
  bytes: z.int().positive().optional().describe('Size of the file'),
  licence: z.string().describe('SPDX identifier'),
  notice: z.string().optional().describe('What the licence asks of whoever uses the model'),
  consent: z.boolean().default(false).describe('Fetch it only for somebody who names the licence'),
});

/** What a model file does not say about itself. `models/<id>.yaml` is that of `models/<id>.onnx`. */
export const manifestSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'use lower-case letters, digits, ".", "_" and "-"'),
  family: z.string().min(1).optional().describe('For people, e.g. YOLOX'),
  summary: z.string().optional(),
  source: sourceSchema.optional().describe('Where the file comes from'),
  accuracy: z
    .strictObject({
      dataset: z.string().min(1),
      ap: unit.describe('COCO AP at IoU .50:.05:.95, 0..1'),
    })
    .optional()
    .describe('What the publisher states'),
  decoder: z.enum(OUTPUT_DECODERS).optional().describe('How to read the outputs'),
  input: manifestInputSchema.prefault({}),
  labels: z
    .union([z.enum(Object.keys(LABEL_SETS) as [keyof typeof LABEL_SETS]), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe('Class names in the order of the classes, or the name of a known set'),
  anchors: z
    .array(z.tuple([z.number().positive(), z.number().positive()]))
    .optional()
    .describe('Width and height in pixels of the input, of heads whose anchors are not in the graph'),
  imported: z
    .strictObject({
      from: z.string().describe('Name of the file that was imported'),
      fromSha256: sha256,
      sha256: sha256.describe('Of the file that the import wrote'),
      licence: z.string().optional().describe('SPDX identifier, which the rewritten model inherits'),
      changes: z.array(z.string()),
      largestDifference: z
        .number()
        .describe('Between the outputs of the two: absolute up to 1, relative beyond'),
    })
    .optional()
    .describe('What `models import` did'),
  thresholds: z
    .strictObject({
      minScore: unit.optional(),
      nmsIou: unit.optional(),
    })
    .prefault({}),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** The manifest at `path`; undefined when there is no such file. @throws OcellusError `model_invalid` with line and column */
export function readManifest(path: string): Manifest | undefined {
  if (!existsSync(path)) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new OcellusError('model_unreadable', `cannot read the manifest ${path}: ${messageOf(error)}`, {
      hint: 'check that the user of this process may read it',
      cause: error,
    });
  }
  const document = parseDocument(text);
  const syntax = document.errors[0];
  if (syntax !== undefined) throw invalid(path, messageOf(syntax));
  const parsed = manifestSchema.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'manifest'}: ${issue.message}`,
  );
  throw invalid(path, issues.join('; '));
}

function invalid(path: string, why: string): OcellusError {
  return new OcellusError('model_invalid', `the manifest ${path} is wrong: ${why}`, {
    hint: 'correct the manifest, or move it away to have the model recognised by its metadata and shapes',
  });
}
