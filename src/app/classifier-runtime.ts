import type { Clock } from '../base/clock.ts';
import { explain, OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Service } from '../base/service.ts';
import type { ClassifierModelConfig, Provider } from '../config/schema.ts';
import type { InferenceBackend, ProviderRefusal } from '../infer/backend.ts';
import { createBackend } from '../infer/backends.ts';
import { type Classifier, openClassifier } from '../infer/classifier.ts';
import { type CropOutcome, CropQueue } from '../infer/crop-queue.ts';
import { type ClassifierModel, loadClassifierModel } from '../models/classifier-model.ts';

export interface ClassifierRuntimeParts {
  readonly name: string;
  readonly config: ClassifierModelConfig;
  readonly baseDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** A classifier as it really runs, for logs and the device's state. */
export interface ClassifierInUse {
  readonly file: string;
  readonly classes: number;
  readonly backend: string;
  /** The provider that runs the model now; null while none does. */
  readonly provider: Provider | null;
  readonly refused: readonly ProviderRefusal[];
  /** What became of crops so far. */
  readonly crops: Partial<Record<CropOutcome, number>>;
  readonly waiting: number;
  readonly lastError: string | null;
}

/** One configured classifier: its description, its one session and the crops that wait for it. */
export class ClassifierRuntime implements Service {
  readonly name: string;
  readonly model: ClassifierModel;
  readonly queue: CropQueue;
  readonly #parts: ClassifierRuntimeParts;
  readonly #log: Logger;
  #backend: InferenceBackend | undefined;
  #provider: Provider | null = null;
  #refused: readonly ProviderRefusal[] = [];

  /** Reads the model's description; its weights are loaded by `start`. @throws OcellusError as `loadClassifierModel` */
  constructor(parts: ClassifierRuntimeParts) {
    this.name = `classifier ${parts.name}`;
    this.#parts = parts;
    this.#log = parts.log.child({ classifier: parts.name });
    this.model = loadClassifierModel(parts.config, parts.baseDir);
    this.queue = new CropQueue({
      open: () => this.#open(),
      clock: parts.clock,
      random: parts.random,
      failed: (error) => this.#log.warn({ error: explain(error) }, 'crop could not be classified'),
    });
  }

  /** Looks whose best class scores less do not count, 0..1. */
  get minScore(): number {
    return this.#parts.config.minScore;
  }

  /** @throws OcellusError when the model cannot be run at all */
  async start(): Promise<void> {
    const { config, clock } = this.#parts;
    this.#backend = await createBackend({ ...config, clock, log: this.#log });
    await this.queue.start();
    for (const refusal of this.#refused) this.#log.warn({ ...refusal }, 'execution provider not used');
    const { file, classes, provider, backend } = this.inUse();
    this.#log.info({ file, classes, provider, backend }, 'classifier is ready');
  }

  close(deadlineMs: number): Promise<void> {
    return this.queue.close(deadlineMs);
  }

  inUse(): ClassifierInUse {
    return {
      file: this.model.file,
      classes: this.model.labels.length,
      backend: this.#backend?.name ?? this.#parts.config.backend,
      provider: this.queue.healthy ? this.#provider : null,
      refused: this.#refused,
      crops: this.queue.outcomes.snapshot(),
      waiting: this.queue.waiting,
      lastError: this.queue.lastError,
    };
  }

  async #open(): Promise<Classifier> {
    const { providers, providerOptions, threads, runTimeoutMs } = this.#parts.config;
    if (this.#backend === undefined)
      throw new OcellusError('internal', 'a classifier was opened before its backend');
    const classifier = await openClassifier({
      ...{ providers, providerOptions, threads, runTimeoutMs },
      backend: this.#backend,
      model: this.model,
    });
    this.#provider = classifier.provider;
    this.#refused = classifier.refused;
    return classifier;
  }
}
