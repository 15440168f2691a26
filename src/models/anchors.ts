import { OcellusError } from '../base/errors.ts';
import type { OutputDecoderName } from '../config/schema.ts';
import { STRIDES } from './grid.ts';
import { COCO80 } from './labels.ts';
import type { Manifest } from './manifest.ts';
import type { ModelSummary } from './model-summary.ts';
import { FASTEST_ANCHORS, FASTEST_STRIDES } from './multi-output-heads.ts';
import { RAW_ANCHORS } from './raw-anchor-head.ts';

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

/** What YOLOv5's configurations for COCO state (models/yolov5s.yaml), and YOLOv5-Lite's with them, for an input of 640x640. */
const YOLOV5_COCO: Anchors = [
  ...([
    [10, 13],
    [16, 30],
    [33, 23],
  ] as const),
  ...([
    [30, 61],
    [62, 45],
    [59, 119],
  ] as const),
  ...([
    [116, 90],
    [156, 198],
    [373, 326],
  ] as const),
];

/** Heads whose anchors are not in the graph: how many they have, and those that were published for COCO. */
const ANCHORED: Readonly<Partial<Record<OutputDecoderName, { wanted: number; published: Anchors }>>> = {
  'yolo-fastestv2': { wanted: FASTEST_ANCHORS * FASTEST_STRIDES.length, published: FASTEST_COCO },
  'yolov5-raw': { wanted: RAW_ANCHORS * STRIDES.length, published: YOLOV5_COCO },
};

/**
 * The anchors of a head whose graph does not hold them: the manifest's, else those that were published for COCO where the
 * model has as many classes. None for other heads.
 *
 * @throws OcellusError `model_invalid` for a wrong number of them, `model_unsupported` when nothing says them
 */
export function anchorsOf(
  decoder: OutputDecoderName,
  { file }: Pick<ModelSummary, 'file'>,
  manifest: Manifest | undefined,
  classes: number | null,
): Anchors {
  const head = ANCHORED[decoder];
  if (head === undefined) return [];
  const { wanted, published } = head;
  const anchors = manifest?.anchors ?? (classes === COCO80.length ? published : undefined);
  if (anchors === undefined) {
    throw new OcellusError(
      'model_unsupported',
      `nothing says the anchors of ${file}, which its graph does not hold`,
      {
        hint: 'give `anchors` in its manifest: the pairs of the configuration that it was trained with',
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
