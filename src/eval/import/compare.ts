import { SystemClock } from '../../base/clock.ts';
import type { Detection } from '../../flow/detection.ts';
import { iou } from '../../flow/geometry.ts';
import type { InferenceBackend, Tensor } from '../../infer/backend.ts';
import { type Detector, openDetector } from '../../infer/detector.ts';
import { type RgbImage, writeRgb } from '../../infer/preprocess-rgb.ts';
import { tensorLayout } from '../../infer/tensor-layout.ts';
import type { DetectionModel } from '../../models/detection-model.ts';
import type { Workshop } from '../quantize/model-runner.ts';

const RUN_TIMEOUT_MS = 120_000;
const CLOSE_DEADLINE_MS = 10_000;

/** How far two models are apart. */
export interface ModelDifference {
  readonly pictures: number;
  /** Values of the outputs that were compared. */
  readonly values: number;
  /** Those that are not the same bits. */
  readonly different: number;
  /** Largest |a - b| / max(1, |a|): absolute for scores, relative for boxes; infinite where one is no number. */
  readonly largest: number;
}

/** Feeds two models with the same pictures, each in its own way, and compares every number that comes out. */
export async function compareOutputs(
  workshop: Workshop,
  original: DetectionModel,
  imported: DetectionModel,
  pictures: readonly RgbImage[],
  signal: AbortSignal,
): Promise<ModelDifference> {
  const [before, after] = [
    await rawOutputs(workshop, original, pictures, signal),
    await rawOutputs(workshop, imported, pictures, signal),
  ];
  let [values, different, largest] = [0, 0, 0];
  for (const [i, outputs] of before.entries()) {
    for (const [j, a] of outputs.entries()) {
      const b = after[i]?.[j];
      values += a.length;
      if (b?.length !== a.length)
        return { pictures: pictures.length, values, different: values, largest: Number.POSITIVE_INFINITY };
      for (let at = 0; at < a.length; at++) {
        const [x, y] = [a[at]!, b[at]!];
        if (Object.is(x, y)) continue;
        different += 1;
        const distance = Math.abs(x - y) / Math.max(1, Math.abs(x));
        // A NaN must not pass for a small difference.
        if (!(distance <= largest)) largest = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
      }
    }
  }
  return { pictures: pictures.length, values, different, largest };
}

/** The outputs that the program reads, by picture, in the order in which its decoder takes them. */
function rawOutputs(
  workshop: Workshop,
  model: DetectionModel,
  pictures: readonly RgbImage[],
  signal: AbortSignal,
): Promise<Float32Array[][]> {
  const { dims, length } = tensorLayout(model.input);
  const tensor = model.input.type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
  return workshop.usingFile(model.file, async (runner) => {
    const all: Float32Array[][] = [];
    for (const picture of pictures) {
      signal.throwIfAborted();
      writeRgb(picture, model.input, tensor);
      const outputs = await runner.run(tensor, dims);
      all.push(model.outputs.map((index) => numbersOf(outputs[index])));
    }
    return all;
  });
}

function numbersOf(tensor: Tensor | undefined): Float32Array {
  // A copy: the next run writes into the same memory.
  return tensor?.data instanceof Float32Array ? tensor.data.slice() : new Float32Array(0);
}

/** How far the detections of two models are apart. */
export interface DetectionDifference {
  /** Detections of the original. */
  readonly detections: number;
  /** Those of either model without one of the same class at the same place (IoU 0.9) in the other. */
  readonly unmatched: number;
  /** Largest difference between the scores of two that match. */
  readonly largestScore: number;
}

/** As `compareOutputs`, of the detections that the program reports. */
export async function compareDetections(
  backend: InferenceBackend,
  original: DetectionModel,
  imported: DetectionModel,
  pictures: readonly RgbImage[],
  minScore: number,
  signal: AbortSignal,
): Promise<DetectionDifference> {
  const detect = (model: DetectionModel) =>
    usingDetector(backend, model, minScore, async (detector) => {
      const found: (readonly Detection[])[] = [];
      for (const picture of pictures) {
        signal.throwIfAborted();
        found.push((await detector.detectImage(picture)).detections);
      }
      return found;
    });
  const [before, after] = [await detect(original), await detect(imported)];
  let [detections, unmatched, largestScore] = [0, 0, 0];
  for (const [i, of] of before.entries()) {
    detections += of.length;
    const left = [...after[i]!];
    for (const each of of) {
      const at = left.findIndex(
        (other) => other.classId === each.classId && iou(other.boxPx, each.boxPx) > 0.9,
      );
      if (at < 0) {
        unmatched += 1;
        continue;
      }
      largestScore = Math.max(largestScore, Math.abs(left[at]!.score - each.score));
      left.splice(at, 1);
    }
    unmatched += left.length;
  }
  return { detections, unmatched, largestScore };
}

/** Opens a detector on one thread of the CPU, hands it to `use`, and closes it. */
export async function usingDetector<T>(
  backend: InferenceBackend,
  model: DetectionModel,
  minScore: number,
  use: (detector: Detector) => Promise<T>,
): Promise<T> {
  const detector = await openDetector({
    ...{ backend, model, clock: new SystemClock(), providers: ['cpu'], providerOptions: {}, threads: 1 },
    minScore: () => minScore,
    runTimeoutMs: RUN_TIMEOUT_MS,
  });
  try {
    return await use(detector);
  } finally {
    await detector.close(CLOSE_DEADLINE_MS);
  }
}
