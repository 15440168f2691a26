import type { Clock } from '../base/clock.ts';
import { messageOf, OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Service } from '../base/service.ts';
import type { ModelConfig, Provider } from '../config/schema.ts';
import { boardModel, isJetson } from '../device/jetson.ts';
import type { InferenceBackend, ProviderRefusal } from '../infer/backend.ts';
import { type BackendOptions, createBackend } from '../infer/backends.ts';
import { type Detector, openDetector } from '../infer/detector.ts';
import type { EngineStatus } from '../infer/engines/engine-status.ts';
import { ModelEngine, type ModelEngineParts, type SessionPlan } from '../infer/engines/model-engine.ts';
import { cudaOptions, deviceKind } from '../infer/engines/provider-options.ts';
import type { FrameDetector } from '../infer/frame-detector.ts';
import { plainOptions } from '../infer/provider-choice.ts';
import { InferenceScheduler } from '../infer/scheduler.ts';
import { type DetectionModel, loadDetectionModel } from '../models/detection-model.ts';
import { readVerification, requireNotFailed, type Verification } from '../models/verification.ts';
import { thresholdsFor } from '../track/options.ts';

const CLOSE_DEADLINE_MS = 5_000;

export interface ModelRuntimeParts {
  readonly name: string;
  readonly config: ModelConfig;
  /** The least scores that cameras report now, besides the model's own. */
  readonly minScores?: () => readonly number[];
  readonly baseDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** `createBackend` unless a test knows better. */
  readonly createBackend?: (options: BackendOptions) => Promise<InferenceBackend>;
  /** Where TensorRT engines lie, and who builds them; absent: sessions build their own when they are opened. */
  readonly engines?: Pick<ModelEngineParts, 'folder' | 'maxBytes' | 'inUse' | 'builder' | 'gpu'>;
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
  /** What `models verify` said of this very file; null when it was not asked. */
  readonly verified: Verification['verdict'] | null;
  /** How its TensorRT engine comes along; null when it has none to do with. */
  readonly engine: EngineStatus | null;
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
  #board: string | null = null;
  #engine: ModelEngine | undefined;
  #tensorRtRefusal: ProviderRefusal | undefined;
  #isServing = false;
  #verified: Verification['verdict'] | null = null;

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

  /** Name of its engine in the cache; undefined while it has none to do with. */
  get engineKey(): string | undefined {
    return this.#engine?.keeper.key;
  }

  /** @throws OcellusError when the model cannot be run at all: a daemon that sees nothing must not look healthy. */
  async start(signal: AbortSignal): Promise<void> {
    const { backend, libonnxruntime } = this.#parts.config;
    this.#checkVerification();
    this.#backend = await (this.#parts.createBackend ?? createBackend)({
      backend,
      libonnxruntime,
      clock: this.#parts.clock,
      log: this.#log,
    });
    this.#board = await boardModel('/');
    await this.#prepareEngine(signal);
    await this.scheduler.start(signal);
    this.#isServing = true;
    const { file, decoder, provider, onnxRuntime, refused } = this.inUse();
    for (const refusal of refused) this.#log.warn({ ...refusal }, 'execution provider not used');
    this.#log.info({ file, decoder, provider, backend: this.#backend.name, onnxRuntime }, 'model is ready');
    if (provider === 'tensorrt') await this.#engine?.adopted();
    else void this.#engine?.keeper.run();
  }

  /** @throws OcellusError `model_invalid` */
  #checkVerification(): void {
    const { file } = this.model;
    const known = readVerification(file);
    if (known.ignored !== null)
      this.#log.warn({ file }, `the model's verification does not count: ${known.ignored}`);
    requireNotFailed(file, known, this.#parts.config.allowFailedVerification);
    this.#verified = known.record?.verdict ?? null;
    if (this.#verified === 'failed')
      this.#log.warn({ file }, 'a model that failed its verification is used, as configured');
  }

  async close(deadlineMs: number): Promise<void> {
    // An engine that comes in the middle of closing would open sessions again.
    const outcomes = await Promise.allSettled([
      this.#engine?.close(deadlineMs),
      this.scheduler.close(deadlineMs),
    ]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
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
      verified: this.#verified,
      suspicious: this.#suspicious,
      lastError: status.lastError,
      engine: this.#engine?.status ?? null,
    };
  }

  /** Where TensorRT comes first: looks for its engine. Where nothing else may run the model, waits until there is one. */
  async #prepareEngine(signal: AbortSignal): Promise<void> {
    const { config, engines, clock, random } = this.#parts;
    const backend = this.#backend;
    if (backend === undefined || engines === undefined || config.providers[0] !== 'tensorrt') return;
    try {
      this.#engine = await ModelEngine.create({
        ...{ backend, model: this.model, config, board: this.#board, clock, random, log: this.#log },
        ...engines,
      });
    } catch (error) {
      this.#tensorRtRefusal = { provider: 'tensorrt', reason: messageOf(error) };
      return;
    }
    const engine = this.#engine;
    await engine.start((plan) => this.#renew(plan));
    if (!engine.isAlone || (await engine.plan()).engineFolder !== undefined) return;
    const cutShort = () => void engine.close(CLOSE_DEADLINE_MS).catch(() => {});
    signal.addEventListener('abort', cutShort, { once: true });
    await engine.keeper.run();
    signal.removeEventListener('abort', cutShort);
    if (engine.status.state === 'ready') return;
    throw new OcellusError('provider_unavailable', `no engine for the model: ${engine.status.lastError}`, {
      hint: 'add cuda or cpu to providers: they run the model while its engine is built, and when that fails',
    });
  }

  /** There is an engine: sessions on it take the place of those that serve. */
  async #renew(plan: SessionPlan): Promise<void> {
    // Before anything serves, it is enough that there is one.
    if (!this.#isServing) return;
    await this.scheduler.renew(async () => {
      const detector = await this.#openAs(plan);
      if (detector.provider === 'tensorrt') return this.#took(detector);
      await detector.close(CLOSE_DEADLINE_MS);
      throw new Error(refusalOf(detector.refused));
    });
    this.#log.info({ provider: this.#provider }, 'model runs on its engine');
  }

  async #open(): Promise<FrameDetector> {
    const plan = (await this.#engine?.plan()) ?? this.#planWithoutEngine();
    try {
      const detector = await this.#openAs(plan);
      if (plan.engineFolder !== undefined && detector.provider !== 'tensorrt')
        void this.#engine?.lost(refusalOf(detector.refused));
      return this.#took(detector);
    } catch (error) {
      if (plan.engineFolder !== undefined) await this.#engine?.lost(messageOf(error));
      throw error;
    }
  }

  #took(detector: Detector): Detector {
    this.#provider = detector.provider;
    this.#refused = [...(this.#tensorRtRefusal ? [this.#tensorRtRefusal] : []), ...detector.refused];
    return detector;
  }

  /** Options that a provider is given which takes none are a reason for it to refuse; so ours go only to one that does. */
  #planWithoutEngine(): SessionPlan {
    const { config } = this.#parts;
    const given = plainOptions(config.providerOptions);
    const takesOptions = this.#backend?.providers.includes('cuda') === true;
    const device = deviceKind(this.#board, isJetson(this.#board));
    const ours = takesOptions ? { cuda: cudaOptions({ config, device }) } : {};
    // Where it has been found out that there is no TensorRT, a session is not to try for itself.
    const others = config.providers.filter((provider) => provider !== 'tensorrt');
    const isKnown = this.#tensorRtRefusal !== undefined && others.length > 0;
    const providers = isKnown ? others : config.providers;
    return { providers, providerOptions: { ...given, ...ours }, engineFolder: undefined };
  }

  async #openAs({ providers, providerOptions }: SessionPlan): Promise<Detector> {
    const { config, clock, minScores } = this.#parts;
    if (this.#backend === undefined)
      throw new OcellusError('internal', 'a model was opened before its backend');
    return openDetector({
      backend: this.#backend,
      model: this.model,
      clock,
      providers,
      providerOptions,
      threads: config.threads,
      runTimeoutMs: config.runTimeoutMs,
      // The tracker continues objects on weaker detections than those that may start one.
      minScore: () => thresholdsFor(Math.min(this.model.minScore, ...(minScores?.() ?? []))).lowScore,
      onSuspicious: (explanation) => {
        this.#suspicious = explanation;
        this.#log.error({ explanation }, 'model is suspicious');
      },
    });
  }
}

function refusalOf(refused: readonly ProviderRefusal[]): string {
  return refused.find(({ provider }) => provider === 'tensorrt')?.reason ?? 'TensorRT does not run the model';
}
