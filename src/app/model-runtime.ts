import type { Clock } from '../base/clock.ts';
import { OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Service } from '../base/service.ts';
import type { ModelConfig, Provider } from '../config/schema.ts';
import type { InferenceBackend, ProviderRefusal } from '../infer/backend.ts';
import { createBackend } from '../infer/backends.ts';
import { openDetector } from '../infer/detector.ts';
import type { FrameDetector } from '../infer/frame-detector.ts';
import { InferenceScheduler } from '../infer/scheduler.ts';
import { type DetectionModel, loadDetectionModel } from '../models/detection-model.ts';
import { thresholdsFor } from '../track/options.ts';

export interface ModelRuntimeParts {
  readonly name: string;
  readonly config: ModelConfig;
  /** The least scores that cameras report now, besides the model's own. */
  readonly minScores?: () => readonly number[];
  readonly baseDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** A model as it really runs, for logs and the device's state. */
export interface ModelInUse {
  readonly file: string;
  readonly decoder: string;
  readonly backend: string;
  readonly onnxRuntime: string;
  /** The provider that runs the model now; null while none does. */
  readonly provider: Provider | null;
  readonly refused: readonly ProviderRefusal[];
  /** Sessions that can infer, of those configured. */
  readonly healthySessions: number;
  readonly sessions: number;
  /** Why its results should not be trusted; null when nothing speaks against them. */
  readonly suspicious: string | null;
  readonly lastError: string | null;
}

/** One configured model: its description, its way to ONNX Runtime and the scheduler that its cameras share. */
export class ModelRuntime implements Service {
  readonly name: string;
  readonly model: DetectionModel;
  readonly scheduler: InferenceScheduler;
  readonly #parts: ModelRuntimeParts;
  readonly #log: Logger;
  #backend: InferenceBackend | undefined;
  #provider: Provider | null = null;
  #refused: readonly ProviderRefusal[] = [];
  #suspicious: string | null = null;

  /** Reads the model's description; its weights are loaded by `start`. @throws OcellusError as `loadDetectionModel` */
  constructor(parts: ModelRuntimeParts) {
    this.name = `model ${parts.name}`;
    this.#parts = parts;
    this.#log = parts.log.child({ model: parts.name });
    this.model = loadDetectionModel(parts.config, parts.baseDir);
    this.scheduler = new InferenceScheduler({
      name: parts.name,
      open: () => this.#open(),
      sessions: parts.config.sessions,
      clock: parts.clock,
      random: parts.random,
      log: this.#log,
    });
  }

  get runTimeoutMs(): number {
    return this.#parts.config.runTimeoutMs;
  }

  /** @throws OcellusError when the model cannot be run at all: a daemon that sees nothing must not look healthy. */
  async start(signal: AbortSignal): Promise<void> {
    const { backend, libonnxruntime } = this.#parts.config;
    this.#backend = await createBackend({
      backend,
      libonnxruntime,
      clock: this.#parts.clock,
      log: this.#log,
    });
    await this.scheduler.start(signal);
    const { file, decoder, provider, onnxRuntime, refused } = this.inUse();
    for (const refusal of refused) this.#log.warn({ ...refusal }, 'execution provider not used');
    this.#log.info({ file, decoder, provider, backend: this.#backend.name, onnxRuntime }, 'model is ready');
  }

  close(deadlineMs: number): Promise<void> {
    return this.scheduler.close(deadlineMs);
  }

  /** Name of the model that takes its place when lower rates alone do not suffice. */
  get smaller(): string | undefined {
    return this.#parts.config.smaller;
  }

  inUse(): ModelInUse {
    const status = this.scheduler.status();
    return {
      file: this.model.file,
      decoder: this.model.decoder,
      backend: this.#backend?.name ?? this.#parts.config.backend,
      onnxRuntime: this.#backend?.version ?? '',
      provider: status.healthy > 0 ? this.#provider : null,
      refused: this.#refused,
      healthySessions: status.healthy,
      sessions: status.sessions,
      suspicious: this.#suspicious,
      lastError: status.lastError,
    };
  }

  async #open(): Promise<FrameDetector> {
    const { config, clock, minScores } = this.#parts;
    if (this.#backend === undefined)
      throw new OcellusError('internal', 'a model was opened before its backend');
    const detector = await openDetector({
      backend: this.#backend,
      model: this.model,
      clock,
      providers: config.providers,
      providerOptions: config.providerOptions,
      threads: config.threads,
      runTimeoutMs: config.runTimeoutMs,
      // The tracker continues objects on weaker detections than those that may start one.
      minScore: () => thresholdsFor(Math.min(this.model.minScore, ...(minScores?.() ?? []))).lowScore,
      onSuspicious: (explanation) => {
        this.#suspicious = explanation;
        this.#log.error({ explanation }, 'model is suspicious');
      },
    });
    this.#provider = detector.provider;
    this.#refused = detector.refused;
    return detector;
  }
}
