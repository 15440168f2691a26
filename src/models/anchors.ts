import { OcellusError } from '../base/errors.ts';
import { COCO80 } from './labels.ts';
import type { Manifest } from './manifest.ts';
import type { ModelSummary } from './model-summary.ts';
import { FASTEST_ANCHORS, FASTEST_STRIDES } from './multi-output-heads.ts';

export type Anchors = readonly (readonly [widthPx: number, heightPx: number])[];

/** What YOLO-FastestV2's configuration for COCO states (data/coco.data), for an input of 352x352. */
const FASTEST_COCO: Anchors = [
  ...([
    [12.64, 19.39],
    [37.88, 51.48],
    [55.71, 138.31],
  ] as const),
  ...([
    [126.91, 78.23],
    [131.57, 214.55],
    [279.92, 258.87],
  ] as const),
];

/**
 * The anchors of a YOLO-FastestV2, which its graph does not hold: the manifest's, else those that were published for COCO
 * where the model has as many classes.
 *
 * @throws OcellusError `model_invalid` for a wrong number of them, `model_unsupported` when nothing says them
 */
export function fastestAnchors(
  { file }: Pick<ModelSummary, 'file'>,
  manifest: Manifest | undefined,
  classes: number | null,
): Anchors {
  const wanted = FASTEST_ANCHORS * FASTEST_STRIDES.length;
  const anchors = manifest?.anchors ?? (classes === COCO80.length ? FASTEST_COCO : undefined);
  if (anchors === undefined) {
    throw new OcellusError(
      'model_unsupported',
      `nothing says the anchors of ${file}, which its graph does not hold`,
      {
        hint: 'give `anchors` in its manifest: the six pairs of the configuration that it was trained with',
      },
    );
  }
  if (anchors.length === wanted) return anchors;
  throw new OcellusError(
    'model_invalid',
    `the manifest gives ${anchors.length} anchors, but ${file} needs ${wanted}`,
    {
      hint: 'give width and height of each, the smallest first, in pixels of the input',
    },
  );
}
