import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { ModelConfig, Provider } from '../../config/schema.ts';
import type { DetectionModel } from '../../models/detection-model.ts';
import type { InferenceBackend, SessionOptions } from '../backend.ts';
import { plainOptions } from '../provider-choice.ts';
import { tensorLayout } from '../tensor-layout.ts';
import type { EngineBuilder } from './engine-builder.ts';
import { EngineCache } from './engine-cache.ts';
import { EngineKeeper } from './engine-keeper.ts';
import { type EngineFacts, modelSha256 } from './engine-key.ts';
import type { EngineStatus } from './engine-status.ts';
import { type GpuFacts, readGpu } from './gpu.ts';
import {
  cudaOptions,
  deviceKind,
  type OptionParts,
  precisionOf,
  tensorRtOptions,
  withEngineFolder,
} from './provider-options.ts';

const MINUTE_MS = 60_000;

export interface ModelEngineParts {
  readonly backend: InferenceBackend;
  readonly model: DetectionModel;
  readonly config: ModelConfig;
  /** Where engines lie. */
  readonly folder: string;
  readonly maxBytes: () => number;
  /** Name of the board, such as `NVIDIA Jetson Orin Nano Developer Kit`; null when it has none. */
  readonly board: string | null;
  readonly builder: EngineBuilder;
  readonly inUse?: () => ReadonlySet<string>;
  /** `readGpu` unless a test knows better. */
  readonly gpu?: (ordinal: number) => Promise<GpuFacts>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly changed?: (status: EngineStatus) => void;
}

/** How sessions of a model are to be opened. */
export interface SessionPlan extends Pick<SessionOptions, 'providers' | 'providerOptions'> {
  /** The engine that TensorRT loads; undefined: it is not to be used. */
  readonly engineFolder: string | undefined;
}

/** One model on TensorRT: the engine that it needs, and how its sessions are opened with it and without. */
export class ModelEngine {
  readonly keeper: EngineKeeper;
  readonly facts: EngineFacts;
  readonly #parts: ModelEngineParts;
  readonly #options: OptionParts;
  readonly #cache: EngineCache;
  #use: (plan: SessionPlan) => Promise<void> = () => Promise.reject(new Error('nobody waits for an engine'));
  #folder: string | undefined;

  private constructor(parts: ModelEngineParts, facts: EngineFacts, options: OptionParts) {
    const { builder, config, model, clock, random, log, changed, inUse = () => new Set<string>() } = parts;
    this.#parts = parts;
    this.facts = facts;
    this.#options = options;
    this.#cache = new EngineCache(parts.folder, parts.maxBytes);
    this.keeper = new EngineKeeper({
      cache: this.#cache,
      facts,
      builder,
      job: (folder) => ({
        file: model.file,
        ...this.planWith(folder),
        threads: config.threads,
        libonnxruntime: config.libonnxruntime,
        deadlineMs: config.tensorrt.buildTimeoutMin * MINUTE_MS,
      }),
      use: async (folder) => {
        await this.#use(this.planWith(folder));
        this.#folder = folder;
      },
      maxAttempts: config.tensorrt.buildAttempts,
      inUse,
      ...{ clock, random, log },
      ...(changed && { changed }),
    });
  }

  /** @throws Error saying why TensorRT cannot be used here at all */
  static async create(parts: ModelEngineParts): Promise<ModelEngine> {
    const { backend, model, config, board, gpu: askGpu = readGpu } = parts;
    if (!backend.providers.includes('tensorrt'))
      throw new Error(`${backend.name} (ONNX Runtime ${backend.version}) was built without tensorrt`);
    const ordinal = Number(config.providerOptions.tensorrt?.device_id ?? 0);
    const gpu = await askGpu(ordinal);
    const options = optionParts(model, config, deviceKind(board, gpu.integrated));
    const facts: EngineFacts = {
      modelSha256: await modelSha256(model.summary),
      gpu: gpu.name,
      computeCapability: gpu.computeCapability,
      tensorRt: gpu.tensorRt,
      onnxRuntime: backend.version,
      precision: precisionOf(options),
      options: tensorRtOptions(options),
    };
    return new ModelEngine(parts, facts, options);
  }

  get status(): EngineStatus {
    return this.keeper.status;
  }

  /** Nothing but TensorRT may run the model. */
  get isAlone(): boolean {
    return this.#parts.config.providers.every((provider) => provider === 'tensorrt');
  }

  /**
   * Looks into the cache and begins to work when there is nothing.
   * @param use opens sessions by the plan and makes them the ones that serve; called whenever there is an engine
   */
  async start(use: (plan: SessionPlan) => Promise<void>): Promise<void> {
    await mkdir(this.#timingFolder, { recursive: true, mode: 0o750 }).catch((error: unknown) => {
      // Without it a build takes longer, and the cache itself will say what is wrong with the folder.
      this.#parts.log.warn({ error: messageOf(error) }, 'TensorRT gets no timing cache');
    });
    this.#folder = await this.keeper.find();
    this.#use = use;
  }

  /** How a session is to be opened now. The engine is read whole to check it: TensorRT would believe any. */
  async plan(): Promise<SessionPlan> {
    if (this.#folder === undefined) return this.planWith(undefined);
    this.#folder = await this.keeper.find();
    if (this.#folder === undefined)
      await this.keeper.lost('the engine in the cache cannot be believed any more');
    return this.planWith(this.#folder);
  }

  /** The engine was there from the start, and sessions run on it. */
  async adopted(): Promise<void> {
    await this.keeper.adopted();
  }

  /** Sessions cannot be opened on the engine any more. */
  async lost(reason: string): Promise<void> {
    this.#folder = undefined;
    await this.keeper.lost(reason);
  }

  close(deadlineMs: number): Promise<void> {
    return this.keeper.close(deadlineMs);
  }

  /** How sessions are opened on the engine in a folder; undefined: without one. */
  planWith(engineFolder: string | undefined): SessionPlan {
    const { config } = this.#parts;
    const providers: Provider[] =
      engineFolder === undefined
        ? config.providers.filter((provider) => provider !== 'tensorrt')
        : ['tensorrt', ...config.providers.filter((provider) => provider !== 'tensorrt')];
    const tensorrt = engineFolder && withEngineFolder(this.facts.options, engineFolder, this.#timingFolder);
    const cpu = plainOptions(config.providerOptions).cpu;
    return {
      engineFolder,
      providers,
      providerOptions: {
        ...(cpu && { cpu }),
        cuda: cudaOptions(this.#options),
        ...(tensorrt && { tensorrt }),
      },
    };
  }

  /** Shared by all models of the device: what TensorRT measured of a layer holds for the next model too. */
  get #timingFolder(): string {
    const { computeCapability, tensorRt } = this.facts;
    return join(this.#parts.folder, `timing-sm${computeCapability.replace('.', '')}-trt${tensorRt}`);
  }
}

/** What options of the providers are made from. */
export function optionParts(
  model: DetectionModel,
  config: ModelConfig,
  device: OptionParts['device'],
): OptionParts {
  return {
    config,
    quantized: 'QuantizeLinear' in model.summary.operators,
    input: model.summary.inputs[0]!,
    dims: tensorLayout(model.input).dims,
    device,
  };
}
