import type { Provider } from '../config/schema.ts';
import type { ModelInput } from '../models/image-input.ts';
import type { ModelSummary } from '../models/model-summary.ts';
import type {
  InferenceBackend,
  InferenceSession,
  ProviderRefusal,
  SessionOptions,
  Tensor,
} from './backend.ts';
import { cpuOptions } from './detector.ts';
import { type RgbImage, writeRgb } from './preprocess-rgb.ts';
import type { Yuv420Picture } from './preprocess-yuv420.ts';
import { resampleYuv420 } from './resample-yuv420.ts';
import { type TensorLayout, tensorLayout } from './tensor-layout.ts';
import { yuvTables } from './yuv-tables.ts';

export interface CropModelOptions extends Omit<SessionOptions, 'file' | 'inputMemory'> {
  readonly backend: InferenceBackend;
  /** A run that takes longer is ended. */
  readonly runTimeoutMs: number;
}

/** What every model of crops is fed with. */
export interface CropModelDescription {
  readonly file: string;
  readonly input: ModelInput;
  readonly summary: ModelSummary;
}

/** How the outputs of one kind of model are read. */
export interface CropReader {
  /** The numbers of the output. @throws OcellusError `model_unsupported` when they are not what such a model gives */
  check(outputs: readonly Tensor[]): Float32Array;
  /** What they say. @throws OcellusError `inference_failed` */
  read(numbers: Float32Array): readonly number[];
}

/** The first run allocates and, on a GPU, compiles kernels. */
const WARM_UP_DEADLINE_MS = 120_000;
const CLOSE_DEADLINE_MS = 5_000;

/**
 * Loads a model and runs it once on an empty picture.
 *
 * @throws OcellusError as `InferenceBackend.open`, `InferenceSession.run` and `CropReader.check`
 */
export async function openCropModel(
  options: CropModelOptions,
  model: CropModelDescription,
  reader: CropReader,
): Promise<CropModel> {
  const { backend, providers, providerOptions, threads, runTimeoutMs } = options;
  const session = await backend.open({
    file: model.file,
    providers,
    providerOptions: { ...providerOptions, cpu: { ...cpuOptions(model), ...providerOptions.cpu } },
    threads,
  });
  const opened = new CropModel(session, model.input, reader, runTimeoutMs);
  try {
    await opened.warmUp();
  } catch (error) {
    await session.close(CLOSE_DEADLINE_MS);
    throw error;
  }
  return opened;
}

/**
 * One session of a model that looks at crops: crop in, numbers out.
 *
 * The crop is stretched to the input, bilinear. Resize and CenterCrop, as torchvision evaluates whole photos, would cut off the
 * head and the feet of a standing person; grey bars around it are something that these models never saw.
 */
export class CropModel {
  readonly #session: InferenceSession;
  readonly #input: ModelInput;
  readonly #layout: TensorLayout;
  readonly #reader: CropReader;
  readonly #runTimeoutMs: number;

  constructor(session: InferenceSession, input: ModelInput, reader: CropReader, runTimeoutMs: number) {
    this.#session = session;
    this.#input = input;
    this.#layout = tensorLayout(input);
    this.#reader = reader;
    this.#runTimeoutMs = runTimeoutMs;
  }

  /** The execution provider really in use. */
  get provider(): Provider {
    return this.#session.provider;
  }

  get refused(): readonly ProviderRefusal[] {
    return this.#session.refused;
  }

  /** @throws OcellusError `inference_failed`, `inference_timeout` */
  async detect(crop: Yuv420Picture): Promise<readonly number[]> {
    const { widthPx, heightPx } = this.#input;
    const fitted = { widthPx, heightPx };
    const box = { input: fitted, source: crop.source, fitted, left: 0, top: 0 };
    const tensor = this.#session.input(this.#layout.length);
    resampleYuv420(crop, tensor, this.#layout, box, yuvTables(crop.colour, this.#input));
    return this.#run();
  }

  /** As `detect`, for a picture that has the size of the input. @throws OcellusError `inference_failed`, `inference_timeout` */
  async detectImage(image: RgbImage): Promise<readonly number[]> {
    writeRgb(image, this.#input, this.#session.input(this.#layout.length));
    return this.#run();
  }

  async #run(): Promise<readonly number[]> {
    const outputs = await this.#session.run(this.#layout.dims, this.#runTimeoutMs);
    return this.#reader.read(this.#reader.check(outputs));
  }

  close(deadlineMs: number): Promise<void> {
    return this.#session.close(deadlineMs);
  }

  /** Runs once on an empty picture and checks the shape of what comes out. */
  async warmUp(): Promise<void> {
    this.#session.input(this.#layout.length).fill(0);
    this.#reader.check(await this.#session.run(this.#layout.dims, WARM_UP_DEADLINE_MS));
  }
}
