import { SystemClock } from '../../base/clock.ts';
import type { Detection } from '../../flow/detection.ts';
import type { InferenceBackend } from '../../infer/backend.ts';
import { openDetector } from '../../infer/detector.ts';
import { readImage } from '../../infer/image.ts';
import type { DetectionModel } from '../../models/detection-model.ts';
import { evaluateCocoBoxes } from '../coco-ap.ts';
import type { CocoAnnotations, CocoResult } from '../coco-types.ts';

/** What a model found in one picture. */
export interface PictureDetections {
  readonly picture: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly detections: readonly Detection[];
}

/** Detections as weak as this still shape a precision-recall curve. */
export const EVALUATION_SCORE = 0.001;
/** Detections of the float model that count as true when there are no annotations. */
const BELIEVED_SCORE = 0.25;
const CONFIDENT_SCORE = 0.5;
const RUN_TIMEOUT_MS = 120_000;
const CLOSE_DEADLINE_MS = 10_000;

/** Runs a model of `file` on pictures, on the program's own way from picture to boxes. */
export async function detectIn(
  pictures: readonly string[],
  file: string,
  model: DetectionModel,
  backend: InferenceBackend,
  signal: AbortSignal,
): Promise<PictureDetections[]> {
  const detector = await openDetector({
    backend,
    model: { ...model, file },
    clock: new SystemClock(),
    providers: ['cpu'],
    providerOptions: {},
    threads: 1,
    minScore: () => EVALUATION_SCORE,
    classes: 'all',
    maxDetections: 100,
    runTimeoutMs: RUN_TIMEOUT_MS,
  });
  try {
    const found: PictureDetections[] = [];
    for (const picture of pictures) {
      signal.throwIfAborted();
      const image = await readImage(picture);
      const { detections } = await detector.detectImage(image);
      found.push({ picture, widthPx: image.widthPx, heightPx: image.heightPx, detections });
    }
    return found;
  } finally {
    await detector.close(CLOSE_DEADLINE_MS);
  }
}

/**
 * How well a model does what another does: AP (COCO, IoU .50:.95) of its detections with those of the other above a score of
 * 0.25 taken as the truth. 1: the same boxes, in the same order of trust.
 */
export function agreement(
  reference: readonly PictureDetections[],
  found: readonly PictureDetections[],
): number {
  return evaluateCocoBoxes(asTruth(reference, BELIEVED_SCORE), asResults(found)).ap;
}

/**
 * As `agreement`, but for what a person would call lost: AP at IoU .50 with detections above a score of 0.5 as the truth. Boxes
 * that moved by pixels and weak detections that changed their order count for nothing here, as they do in true AP.
 */
export function confidentAgreement(
  reference: readonly PictureDetections[],
  found: readonly PictureDetections[],
): number {
  return evaluateCocoBoxes(asTruth(reference, CONFIDENT_SCORE), asResults(found)).ap50;
}

/** AP with annotations as the truth; pictures go by their file names. */
export function averagePrecision(truth: CocoAnnotations, found: readonly PictureDetections[]): number {
  const images = new Map(truth.images.map(({ file_name, id }) => [file_name, id]));
  const classes = new Map(truth.categories.map(({ name, id }) => [name, id]));
  const there = new Set(found.map(({ picture }) => images.get(nameOf(picture))));
  const part: CocoAnnotations = {
    categories: truth.categories,
    images: truth.images.filter(({ id }) => there.has(id)),
    annotations: truth.annotations.filter(({ image_id }) => there.has(image_id)),
  };
  const results = found.flatMap(({ picture, detections }) => {
    const id = images.get(nameOf(picture));
    if (id === undefined) return [];
    return detections.flatMap(({ label, score, boxPx }) => {
      const category = classes.get(label);
      return category === undefined ? [] : [asResult(id, category, boxPx, score)];
    });
  });
  return evaluateCocoBoxes(part, results).ap;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function asTruth(reference: readonly PictureDetections[], minScore: number): CocoAnnotations {
  const annotations = reference
    .flatMap(({ detections }, image) => detections.map((each) => ({ ...each, image })))
    .filter(({ score }) => score >= minScore)
    .map(({ classId, boxPx: [x1, y1, x2, y2], image }, i) => ({
      ...{ id: i + 1, image_id: image, category_id: classId, iscrowd: 0 as const },
      bbox: [x1, y1, x2 - x1, y2 - y1] as [number, number, number, number],
      area: (x2 - x1) * (y2 - y1),
    }));
  const classes = [...new Set(annotations.map(({ category_id }) => category_id))];
  return {
    images: reference.map(({ picture, widthPx, heightPx }, id) => ({
      id,
      file_name: picture,
      width: widthPx,
      height: heightPx,
    })),
    categories: classes.map((id) => ({ id, name: String(id) })),
    annotations,
  };
}

function asResults(found: readonly PictureDetections[]): CocoResult[] {
  return found.flatMap(({ detections }, image) =>
    detections.map(({ classId, boxPx, score }) => asResult(image, classId, boxPx, score)),
  );
}

function asResult(image: number, category: number, box: Detection['boxPx'], score: number): CocoResult {
  const [x1, y1, x2, y2] = box;
  return { image_id: image, category_id: category, bbox: [x1, y1, x2 - x1, y2 - y1], score };
}
