import { OcellusError } from '../base/errors.ts';
import type { Provider } from '../config/schema.ts';
import type { ClassifierModel } from '../models/classifier-model.ts';
import type {
  InferenceBackend,
  InferenceSession,
  ProviderRefusal,
  SessionOptions,
  Tensor,
} from './backend.ts';
import type { Yuv420Picture } from './preprocess-yuv420.ts';
import { resampleYuv420 } from './resample-yuv420.ts';
import { type TensorLayout, tensorLayout } from './tensor-layout.ts';
import { yuvTables } from './yuv-tables.ts';

export interface ClassifierOptions extends Omit<SessionOptions, 'file'> {
  readonly backend: InferenceBackend;
  readonly model: ClassifierModel;
  /** A run that takes longer is ended. */
  readonly runTimeoutMs: number;
}

/** The first run allocates and, on a GPU, compiles kernels. */
const WARM_UP_DEADLINE_MS = 120_000;
const CLOSE_DEADLINE_MS = 5_000;
/** How far from 1 the sum of probabilities may be: half precision inside the model costs so much. */
const SUM_TOLERANCE = 1e-3;

/**
 * Loads a model and runs it once on an empty picture.
 *
 * @throws OcellusError as `InferenceBackend.open` and `InferenceSession.run`; `model_unsupported` when what it gives is not
 *   one score per label
 */
export async function openClassifier(options: ClassifierOptions): Promise<Classifier> {
  const { backend, model, providers, providerOptions, threads, runTimeoutMs } = options;
  const session = await backend.open({ file: model.file, providers, providerOptions, threads });
  const classifier = new Classifier(session, model, runTimeoutMs);
  try {
    await classifier.warmUp();
  } catch (error) {
    await session.close(CLOSE_DEADLINE_MS);
    throw error;
  }
  return classifier;
}

/**
 * One session of a classification model: crop in, probabilities out.
 *
 * The crop is stretched to the input, bilinear. Resize and CenterCrop, as torchvision evaluates whole photos, would cut off the
 * head and the feet of a standing person; grey bars around it are something that these models never saw.
 */
export class Classifier {
  readonly model: ClassifierModel;
  readonly #session: InferenceSession;
  readonly #layout: TensorLayout;
  readonly #runTimeoutMs: number;

  constructor(session: InferenceSession, model: ClassifierModel, runTimeoutMs: number) {
    this.model = model;
    this.#session = session;
    this.#layout = tensorLayout(model.input);
    this.#runTimeoutMs = runTimeoutMs;
  }

  /** The execution provider really in use. */
  get provider(): Provider {
    return this.#session.provider;
  }

  get refused(): readonly ProviderRefusal[] {
    return this.#session.refused;
  }

  /** Probabilities in the order of the labels, which sum to 1. @throws OcellusError `inference_failed`, `inference_timeout` */
  async detect(crop: Yuv420Picture): Promise<readonly number[]> {
    const { input } = this.model;
    const { widthPx, heightPx } = input;
    const fitted = { widthPx, heightPx };
    const box = { input: fitted, source: crop.source, fitted, left: 0, top: 0 };
    const tensor = this.#session.input(this.#layout.length);
    resampleYuv420(crop, tensor, this.#layout, box, yuvTables(crop.colour, input));
    return toProbabilities(this.#scores(await this.#session.run(this.#layout.dims, this.#runTimeoutMs)));
  }

  close(deadlineMs: number): Promise<void> {
    return this.#session.close(deadlineMs);
  }

  /** Runs once on an empty picture and checks that there is a score for every label. */
  async warmUp(): Promise<void> {
    this.#session.input(this.#layout.length).fill(0);
    this.#scores(await this.#session.run(this.#layout.dims, WARM_UP_DEADLINE_MS));
  }

  #scores(outputs: readonly Tensor[]): Float32Array {
    const { file, labels } = this.model;
    const [output] = outputs;
    if (output?.data instanceof Float32Array && output.data.length === labels.length) return output.data;
    throw new OcellusError(
      'model_unsupported',
      `${file} gives [${output?.dims.join(', ')}], not one float32 score for each of ${labels.length} labels`,
      { hint: 'list exactly one label per class, in the order that the model was trained with' },
    );
  }
}

/** Softmax, unless the values are probabilities already: none below zero and a sum of 1, which logits do not have. */
export function toProbabilities(scores: ArrayLike<number>): number[] {
  const values = Array.from(scores);
  const sum = values.reduce((total, value) => total + value, 0);
  if (values.every((value) => value >= 0) && Math.abs(sum - 1) <= SUM_TOLERANCE) {
    return values.map((value) => value / sum);
  }
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const total = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / total);
}
