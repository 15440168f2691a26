import type { Clock } from '../base/clock.ts';
import { OcellusError } from '../base/errors.ts';
import type { Provider } from '../config/schema.ts';
import type { Detection } from '../flow/detection.ts';
import type { Frame } from '../flow/frame.ts';
import type { DetectionModel } from '../models/detection-model.ts';
import type {
  InferenceBackend,
  InferenceSession,
  InputArray,
  ProviderRefusal,
  SessionOptions,
} from './backend.ts';
import { thisCpuSaturates } from './cpu-features.ts';
import { Candidates } from './decode/candidates.ts';
import { createDecoder } from './decode/create-decoder.ts';
import type { ClassChoice, HeadOutput, OutputDecoder } from './decode/output-decoder.ts';
import type { FrameDetector, InferenceResult } from './frame-detector.ts';
import { HeadReader } from './head-reader.ts';
import { type Letterbox, toSourceBox } from './letterbox.ts';
import { byScore, nonMaximumSuppression } from './nms.ts';
import { type RgbImage, writeRgb } from './preprocess-rgb.ts';
import { Yuv420Preprocessor } from './preprocess-yuv420.ts';
import { ScoreWatch } from './score-watch.ts';
import { type TensorLayout, tensorLayout } from './tensor-layout.ts';

export interface DetectorOptions extends Omit<SessionOptions, 'file' | 'fixedInputs' | 'inputMemory'> {
  readonly backend: InferenceBackend;
  readonly model: DetectionModel;
  readonly clock: Clock;
  /** Detections below are not reported; asked for at every frame. Default: the model's. */
  readonly minScore?: () => number;
  /** Boxes of one class that overlap more are one object; default: the model's. */
  readonly nmsIou?: number;
  /** Most detections of one picture; default 300. */
  readonly maxDetections?: number;
  /** Report a box under its best class (default) or under every class above the threshold. */
  readonly classes?: ClassChoice;
  /** A run that takes longer is ended. */
  readonly runTimeoutMs: number;
  /** Called once when the model gave no score above zero on its first frames, with an explanation. */
  readonly onSuspicious?: (explanation: string) => void;
}

const DEFAULT_MAX_DETECTIONS = 300;
/** The first run allocates, tunes and, on a GPU, compiles kernels. */
const WARM_UP_DEADLINE_MS = 120_000;
const CLOSE_DEADLINE_MS = 5_000;

/**
 * Loads a model and runs it once on an empty picture, so that the first frame is as fast as the rest and a model whose
 * outputs are not what they were taken for is found out now.
 *
 * @throws OcellusError as `InferenceBackend.open` and `InferenceSession.run`; `model_unsupported` when the outputs do not fit
 */
export async function openDetector(options: DetectorOptions): Promise<Detector> {
  const { backend, model, providers, providerOptions, threads } = options;
  const preprocessor = new Yuv420Preprocessor(model.input);
  const session = await backend.open({
    file: model.file,
    fixedInputs: model.fixedInputs,
    providers,
    providerOptions: { ...providerOptions, cpu: { ...cpuOptions(model), ...providerOptions.cpu } },
    threads,
    inputMemory: preprocessor.inputMemory,
  });
  const detector = new Detector(session, preprocessor, options);
  try {
    await detector.warmUp();
  } catch (error) {
    await session.close(CLOSE_DEADLINE_MS);
    throw error;
  }
  return detector;
}

/**
 * CPUs with AVX2 but without VNNI add pairs of uint8 x int8 products with 16-bit saturation, which costs a quantized YOLOv8n
 * 2 points of AP; this asks ONNX Runtime for the exact way there. Elsewhere every way is exact, and this one takes twice the time.
 */
export function cpuOptions(
  { summary }: Pick<DetectionModel, 'summary'>,
  saturates = thisCpuSaturates(),
): Record<string, string> {
  const quantized = ['QuantizeLinear', 'DynamicQuantizeLinear'].some((name) => name in summary.operators);
  return quantized && saturates ? { 'session.x64quantprecision': '1' } : {};
}

/** One session of a detection model: picture in, boxes in the picture's own pixels out. */
export class Detector implements FrameDetector {
  readonly model: DetectionModel;
  readonly #session: InferenceSession;
  readonly #options: DetectorOptions;
  readonly #decoder: OutputDecoder;
  readonly #heads: HeadReader;
  readonly #layout: TensorLayout;
  readonly #preprocessor: Yuv420Preprocessor;
  readonly #candidates = new Candidates();
  readonly #scoreWatch: ScoreWatch;

  constructor(session: InferenceSession, preprocessor: Yuv420Preprocessor, options: DetectorOptions) {
    this.#session = session;
    this.#options = options;
    this.model = options.model;
    this.#decoder = createDecoder(options.model);
    this.#heads = new HeadReader(options.model.file, options.model.outputs, this.#decoder.listColumns);
    this.#layout = tensorLayout(options.model.input);
    this.#preprocessor = preprocessor;
    this.#scoreWatch = new ScoreWatch(options.model.file, options.onSuspicious);
  }

  /** The execution provider really in use. */
  get provider(): Provider {
    return this.#session.provider;
  }

  /** Providers that were preferred to it, and why they are not in use. */
  get refused(): readonly ProviderRefusal[] {
    return this.#session.refused;
  }

  /** Whether the model's scores look like those of a sound one. */
  get health(): ScoreWatch['health'] {
    return this.#scoreWatch.health;
  }

  detect(frame: Frame): Promise<InferenceResult> {
    return this.#infer((tensor) => this.#preprocessor.write(frame, tensor), this.#minScore);
  }

  /** As `detect`, for a decoded photo. @param minScore overrides the detector's own */
  detectImage(image: RgbImage, minScore = this.#minScore): Promise<InferenceResult> {
    return this.#infer((tensor) => {
      // A photo's margins are its own: the next frame's have to be written anew.
      this.#preprocessor.forgetMargins();
      return writeRgb(image, this.model.input, tensor);
    }, minScore);
  }

  close(deadlineMs: number): Promise<void> {
    return this.#session.close(deadlineMs);
  }

  /** Runs once on an empty picture and checks that the decoder can read what comes out. */
  async warmUp(): Promise<void> {
    const { length, dims } = this.#layout;
    this.#session.input(length).fill(0);
    const heads = this.#heads.read(await this.#session.run(dims, WARM_UP_DEADLINE_MS));
    if (this.#decoder.fits(heads, this.model.labels.length)) return;
    const shapes = heads.map(({ axes }) => `[${axes.join(', ')}]`).join(', ');
    throw new OcellusError(
      'model_unsupported',
      `${this.model.file} gives ${shapes}, which the decoder "${this.model.decoder}" with ` +
        `${this.model.labels.length} labels cannot read`,
      { hint: 'name another `decoder`, or give one label for each class of the model' },
    );
  }

  get #minScore(): number {
    return this.#options.minScore?.() ?? this.model.minScore;
  }

  async #infer(write: (tensor: InputArray) => Letterbox, minScore: number): Promise<InferenceResult> {
    const { clock, runTimeoutMs } = this.#options;
    const startedMs = clock.monoMs();
    const box = write(this.#session.input(this.#layout.length));
    const writtenMs = clock.monoMs();
    const outputs = await this.#session.run(this.#layout.dims, runTimeoutMs);
    const ranMs = clock.monoMs();
    const heads = this.#heads.read(outputs);
    this.#scoreWatch.observe(heads, this.#decoder);
    const detections = this.#read(heads, minScore, box);
    return {
      detections,
      timings: {
        preprocessMs: writtenMs - startedMs,
        runMs: ranMs - writtenMs,
        decodeMs: clock.monoMs() - ranMs,
      },
    };
  }

  #read(heads: readonly HeadOutput[], minScore: number, box: Letterbox): Detection[] {
    const { nmsIou = this.model.nmsIou, classes = 'best' } = this.#options;
    const { maxDetections = DEFAULT_MAX_DETECTIONS } = this.#options;
    const candidates = this.#candidates;
    this.#decoder.decode(heads, minScore, classes, candidates);
    const kept = this.#decoder.needsNms
      ? nonMaximumSuppression(candidates, nmsIou, maxDetections)
      : byScore(candidates).slice(0, maxDetections);
    const { boxes, scores, classIds } = candidates;
    return kept.map((i) => {
      const classId = classIds[i]!;
      return {
        label: this.model.labels[classId] ?? `class${classId}`,
        classId,
        score: Math.min(1, scores[i]!),
        boxPx: toSourceBox(box, boxes[4 * i]!, boxes[4 * i + 1]!, boxes[4 * i + 2]!, boxes[4 * i + 3]!),
      };
    });
  }
}
