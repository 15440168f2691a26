import { SystemClock } from '../../base/clock.ts';
import { modelSchema } from '../../config/schema.ts';
import { createBackend } from '../../infer/backends.ts';
import { openDetector } from '../../infer/detector.ts';
import { loadDetectionModel } from '../../models/detection-model.ts';
import { noisyTruth } from './noisy-truth.ts';
import { EventScore } from './score.ts';
import { TOLERANCE_MS } from './truth.ts';
import { type Detect, watchStreet } from './watch.ts';

export interface StreetEventsOptions {
  /** Path to an `.onnx` that knows person, car and bicycle. */
  readonly model: string;
  readonly streets: number;
  readonly firstSeed: number;
  readonly onProgress: (what: string) => void;
}

export interface StreetEventsResult {
  readonly streets: number;
  readonly minScore: number;
  /** Of true boxes with misses, jitter and inventions. */
  readonly noisyTruth: EventScore;
  /** Of what the model finds in the drawn pictures. */
  readonly detector: EventScore;
}

const PICTURE = { widthPx: 320, heightPx: 180 };
/** From this share of a figure on a model may find it, and need not before the truth says it is seen. */
const GLIMPSE = 0.05;
const CLOSE_DEADLINE_MS = 5_000;
/** The demo's, as the unit test has it. */
const MIN_SCORE = 0.35;

/**
 * Precision and recall of every event type over simulated streets, by the rules in truth.ts.
 * @throws OcellusError when the model cannot be loaded or run
 */
export async function measureStreetEvents(options: StreetEventsOptions): Promise<StreetEventsResult> {
  const { streets, firstSeed, onProgress } = options;
  const model = loadDetectionModel(modelSchema.parse({ file: options.model }), process.cwd());
  const detector = await openDetector({
    backend: await createBackend({ backend: 'auto' }),
    model,
    clock: new SystemClock(),
    providers: ['cpu'],
    providerOptions: {},
    threads: 1,
    runTimeoutMs: 30_000,
  });
  try {
    const watch = async (
      what: string,
      minScore: number,
      detectorOf: (seed: number) => Detect,
      leastVisible?: number,
    ) => {
      const score = new EventScore(TOLERANCE_MS);
      for (let seed = firstSeed; seed < firstSeed + streets; seed++) {
        onProgress(`street ${seed} by ${what}`);
        const { told, truth } = await watchStreet(seed, PICTURE, minScore, detectorOf(seed), leastVisible);
        score.add(`street ${seed}`, told, truth);
      }
      return score;
    };
    const byModel: Detect = async (frame) => (await detector.detect(frame)).detections;
    return {
      streets,
      minScore: model.minScore,
      noisyTruth: await watch('true boxes with noise', MIN_SCORE, (seed) => noisyTruth(seed + 1000)),
      detector: await watch(model.name, model.minScore, () => byModel, GLIMPSE),
    };
  } finally {
    await detector.close(CLOSE_DEADLINE_MS);
  }
}
