import { SystemClock } from '../../base/clock.ts';
import type { InferenceBackend } from '../../infer/backend.ts';
import { type Detector, openDetector } from '../../infer/detector.ts';
import { readImage } from '../../infer/image.ts';
import type { DetectionModel } from '../../models/detection-model.ts';
import type { CocoAnnotations } from '../coco-types.ts';
import {
  agreement,
  averagePrecision,
  confidentAgreement,
  EVALUATION_SCORE,
  type PictureDetections,
} from '../quantize/agreement.ts';

const RUN_TIMEOUT_MS = 120_000;
const CLOSE_DEADLINE_MS = 10_000;

export interface VerifyOptions {
  readonly model: DetectionModel;
  /** The model that it is to be as good as. */
  readonly against: DetectionModel;
  /** Paths of pictures. */
  readonly pictures: readonly string[];
  /** Absent: what the other model detects is taken for true. */
  readonly truth?: CocoAnnotations | undefined;
  /** Most points of AP, 0..100, that may be lost. */
  readonly maxLossPoints: number;
  readonly backend: InferenceBackend;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, all: number) => void;
}

/** What one of the two costs on this machine. */
export interface SideCost {
  /** Of the inference itself, median. */
  readonly runMs: number;
  /** From the picture to detections, median. */
  readonly totalMs: number;
  /** Memory that came with opening it, MiB. */
  readonly memoryMiB: number;
}

export interface VerifyReport {
  readonly verdict: 'passed' | 'failed';
  readonly reasons: readonly string[];
  readonly pictures: number;
  /** AP (.50:.95) of its detections with those of the other as the truth, 0..1. */
  readonly agreement: number;
  /** AP50 of the same, of what the other detects with a score above 0.5. */
  readonly confidentAgreement: number;
  /** With annotations: AP of both, 0..1. */
  readonly ap: { readonly model: number; readonly against: number } | null;
  /** Points of AP, 0..100: of true AP where there is truth, else of `confidentAgreement`. Below 0: it is better. */
  readonly lossPoints: number;
  readonly maxLossPoints: number;
  readonly cost: { readonly model: SideCost; readonly against: SideCost };
  /** How many times faster its runs are, measured in turns on the same pictures. */
  readonly speedRatio: number;
}

/** Runs both models in turns on the same pictures, and judges the first by the second. @throws OcellusError as `openDetector` */
export async function verifyModel(options: VerifyOptions): Promise<VerifyReport> {
  const { pictures, truth, maxLossPoints, signal, onProgress } = options;
  const against = await Side.open(options.against, options.backend);
  try {
    const model = await Side.open(options.model, options.backend);
    try {
      for (const [i, picture] of pictures.entries()) {
        signal.throwIfAborted();
        const image = await readImage(picture);
        // Each is first as often as the other: the second finds the picture in the caches.
        const order = i % 2 === 0 ? [model, against] : [against, model];
        for (const side of order) await side.detect(picture, image);
        onProgress(i + 1, pictures.length);
      }
      return judge(model, against, truth, maxLossPoints);
    } finally {
      await model.close();
    }
  } finally {
    await against.close();
  }
}

function judge(
  model: Side,
  against: Side,
  truth: CocoAnnotations | undefined,
  maxLossPoints: number,
): VerifyReport {
  const ap =
    truth === undefined
      ? null
      : { model: averagePrecision(truth, model.found), against: averagePrecision(truth, against.found) };
  const confident = confidentAgreement(against.found, model.found);
  const isComparable =
    ap !== null || against.found.some(({ detections }) => detections.some(({ score }) => score > 0.5));
  const lossPoints = 100 * (ap === null ? 1 - confident : ap.against - ap.model);
  const reasons: string[] = [];
  if (!isComparable) {
    reasons.push('the other model detects nothing in these pictures: nothing can be said');
  } else if (!(lossPoints <= maxLossPoints)) {
    reasons.push(`it loses ${lossPoints.toFixed(2)} points of AP, and ${maxLossPoints} are allowed`);
  }
  const cost = { model: model.cost(), against: against.cost() };
  return {
    verdict: reasons.length === 0 ? 'passed' : 'failed',
    reasons,
    pictures: model.found.length,
    agreement: agreement(against.found, model.found),
    confidentAgreement: confident,
    ap,
    lossPoints,
    maxLossPoints,
    cost,
    speedRatio: cost.against.runMs / cost.model.runMs,
  };
}

/** One of the two models, and what it found and cost so far. */
class Side {
  readonly found: PictureDetections[] = [];
  readonly #detector: Detector;
  readonly #memoryMiB: number;
  readonly #runMs: number[] = [];
  readonly #totalMs: number[] = [];

  private constructor(detector: Detector, memoryMiB: number) {
    this.#detector = detector;
    this.#memoryMiB = memoryMiB;
  }

  static async open(model: DetectionModel, backend: InferenceBackend): Promise<Side> {
    const before = process.memoryUsage.rss();
    const detector = await openDetector({
      ...{ backend, model, clock: new SystemClock(), providers: ['cpu'], providerOptions: {}, threads: 1 },
      ...{
        minScore: () => EVALUATION_SCORE,
        classes: 'all',
        maxDetections: 100,
        runTimeoutMs: RUN_TIMEOUT_MS,
      },
    });
    await detector.warmUp();
    return new Side(detector, (process.memoryUsage.rss() - before) / 2 ** 20);
  }

  async detect(picture: string, image: Awaited<ReturnType<typeof readImage>>): Promise<void> {
    const { detections, timings } = await this.#detector.detectImage(image);
    this.#runMs.push(timings.runMs);
    this.#totalMs.push(timings.preprocessMs + timings.runMs + timings.decodeMs);
    this.found.push({ picture, widthPx: image.widthPx, heightPx: image.heightPx, detections });
  }

  cost(): SideCost {
    return { runMs: median(this.#runMs), totalMs: median(this.#totalMs), memoryMiB: this.#memoryMiB };
  }

  close(): Promise<void> {
    return this.#detector.close(CLOSE_DEADLINE_MS);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
