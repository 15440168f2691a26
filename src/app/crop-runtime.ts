import type { Clock } from '../base/clock.ts';
import { explain, OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Service } from '../base/service.ts';
import type { ClassifierModelConfig, Provider, ReidModelConfig } from '../config/schema.ts';
import type { InferenceBackend, ProviderRefusal } from '../infer/backend.ts';
import { createBackend } from '../infer/backends.ts';
import type { CropModel, CropModelOptions } from '../infer/crop-model.ts';
import { type CropOutcome, CropQueue } from '../infer/crop-queue.ts';
import { plainOptions } from '../infer/provider-choice.ts';

export interface CropRuntimeParts {
  /** What logs call it. */
  readonly name: string;
  readonly config: ClassifierModelConfig | ReidModelConfig;
  /** Absolute. */
  readonly file: string;
  open(options: CropModelOptions): Promise<CropModel>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** A model of crops as it really runs, for logs and the device's state. */
export interface CropModelInUse {
  readonly file: string;
  readonly backend: string;
  /** The provider that runs the model now; null while none does. */
  readonly provider: Provider | null;
  readonly refused: readonly ProviderRefusal[];
  /** What became of crops so far. */
  readonly crops: Partial<Record<CropOutcome, number>>;
  readonly waiting: number;
  readonly lastError: string | null;
}

/** One model that looks at crops: its one session and the crops that wait for it. */
export class CropRuntime implements Service {
  readonly name: string;
  readonly queue: CropQueue;
  readonly #parts: CropRuntimeParts;
  readonly #log: Logger;
  #backend: InferenceBackend | undefined;
  #provider: Provider | null = null;
  #refused: readonly ProviderRefusal[] = [];

  constructor(parts: CropRuntimeParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#log = parts.log.child({ model: parts.name });
    this.queue = new CropQueue({
      open: () => this.openSession(),
      clock: parts.clock,
      random: parts.random,
      failed: (error) => this.#log.warn({ error: explain(error) }, 'a crop could not be looked at'),
    });
  }

  /** @throws OcellusError when the model cannot be run at all */
  async start(): Promise<void> {
    const { config, clock } = this.#parts;
    this.#backend = await createBackend({ ...config, clock, log: this.#log });
    await this.queue.start();
    for (const refusal of this.#refused) this.#log.warn({ ...refusal }, 'execution provider not used');
    const { file, provider, backend } = this.inUse();
    this.#log.info({ file, provider, backend }, 'model of crops is ready');
  }

  close(deadlineMs: number): Promise<void> {
    return this.queue.close(deadlineMs);
  }

  inUse(): CropModelInUse {
    return {
      file: this.#parts.file,
      backend: this.#backend?.name ?? this.#parts.config.backend,
      provider: this.queue.healthy ? this.#provider : null,
      refused: this.#refused,
      crops: this.queue.outcomes.snapshot(),
      waiting: this.queue.waiting,
      lastError: this.queue.lastError,
    };
  }

  /** Opens a session of the model. Once started. @throws OcellusError as `CropRuntimeParts.open` */
  protected async openSession(): Promise<CropModel> {
    const { providers, threads, runTimeoutMs } = this.#parts.config;
    const providerOptions = plainOptions(this.#parts.config.providerOptions);
    if (this.#backend === undefined)
      throw new OcellusError('internal', 'a model of crops was opened before its backend');
    const backend = this.#backend;
    const opened = await this.#parts.open({ backend, providers, providerOptions, threads, runTimeoutMs });
    this.#provider = opened.provider;
    this.#refused = opened.refused;
    return opened;
  }
}
