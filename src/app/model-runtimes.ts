import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { OcellusError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Service, ServiceStack } from '../base/service.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import type { Config } from '../config/schema.ts';
import { ENGINES_FOLDER } from '../infer/engines/engine-cache.ts';
import { ProcessEngineBuilder } from '../infer/engines/process-builder.ts';
import { ClassifierRuntime } from './classifier-runtime.ts';
import { inSection } from './in-section.ts';
import type { NamedScheduler } from './inference-lane.ts';
import { ModelRuntime, type ModelRuntimeParts } from './model-runtime.ts';
import { ReidRuntime } from './reid-runtime.ts';

const CLOSE_DEADLINE_MS = 5_000;

export interface ModelRuntimesParts {
  /** In force. */
  readonly config: Config;
  readonly baseDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** What a set needs besides: where engines lie, for all sets the same. */
interface ModelSetParts extends ModelRuntimesParts {
  readonly engines: NonNullable<ModelRuntimeParts['engines']>;
}

/** Models that are open already, and those of them that do not serve any more, as `models.default`. */
interface Open {
  readonly set: ModelSet;
  readonly stale: ReadonlySet<string>;
}

/** The models that the cameras of one configuration use. Each is there once, however many cameras use it. */
export class ModelSet {
  readonly detectors = new Map<string, ModelRuntime>();
  readonly classifiers = new Map<string, ClassifierRuntime>();
  readonly reid = new Map<string, ReidRuntime>();

  /**
   * Takes over what is open and still serves; what is new is not started. @param config whose cameras and models these are
   * @throws OcellusError when a model cannot be used as it is
   */
  constructor(parts: ModelSetParts, config: Config, open?: Open) {
    const { models, classifiers, reid, cameras } = config;
    const onceIn = <T>(
      kind: 'detectors' | 'classifiers' | 'reid',
      section: string,
      name: string,
      runtimes: Map<string, T>,
      build: () => T,
    ) => {
      if (runtimes.has(name)) return;
      const known = open?.stale.has(`${section}.${name}`) ? undefined : open?.set[kind].get(name);
      runtimes.set(name, (known as T | undefined) ?? inSection(`${section}.${name}`, build));
    };
    for (const camera of Object.values(cameras)) {
      const detector = (name: string) =>
        onceIn('detectors', 'models', name, this.detectors, () => {
          const minScores = labelMinScores(parts.config, name);
          return new ModelRuntime({ ...parts, name, config: configured(models, name), minScores });
        });
      detector(camera.model);
      const { smaller } = configured(models, camera.model);
      if (smaller !== undefined) {
        detector(smaller);
        this.#checkSameLabels(camera.model, smaller);
      }
      for (const { model } of Object.values(camera.classify)) {
        const build = () =>
          new ClassifierRuntime({ ...parts, name: model, config: configured(classifiers, model) });
        onceIn('classifiers', 'classifiers', model, this.classifiers, build);
      }
      if (camera.reid === undefined) continue;
      const { model } = camera.reid;
      const build = () => new ReidRuntime({ ...parts, name: model, config: configured(reid, model) });
      onceIn('reid', 'reid', model, this.reid, build);
    }
  }

  get services(): Service[] {
    return [...this.detectors.values(), ...this.classifiers.values(), ...this.reid.values()];
  }

  detectorOf({ model }: CameraConfig): ModelRuntime {
    return configured(this.detectors, model);
  }

  /** The model that takes the place of a camera's own when lower rates alone do not suffice; undefined when none is named. */
  smallerOf(camera: CameraConfig): NamedScheduler | undefined {
    const { smaller } = this.detectorOf(camera);
    if (smaller === undefined) return undefined;
    return { name: smaller, scheduler: configured(this.detectors, smaller).scheduler };
  }

  /** Every classifier that the camera names. */
  classifiersOf({ classify }: CameraConfig): ReadonlyMap<string, ClassifierRuntime> {
    const names = Object.values(classify).map(({ model }) => model);
    return new Map(names.map((name) => [name, configured(this.classifiers, name)]));
  }

  /** Undefined when the camera names none. */
  reidOf({ reid }: CameraConfig): ReidRuntime | undefined {
    return reid === undefined ? undefined : configured(this.reid, reid.model);
  }

  #checkSameLabels(model: string, smaller: string): void {
    const labelsOf = (name: string) => configured(this.detectors, name).model.labels;
    if (isDeepStrictEqual(labelsOf(model), labelsOf(smaller))) return;
    throw new OcellusError(
      'config_invalid',
      `models.${model}.smaller: the model "${smaller}" has other labels, and objects would change theirs with it`,
      { hint: 'name a model that was trained for the same labels in the same order' },
    );
  }
}

/** The models that are open now. */
export class ModelRuntimes {
  readonly #parts: ModelSetParts;
  #set: ModelSet;
  #stack: ServiceStack | undefined;

  /** @throws OcellusError as `ModelSet` */
  constructor(parts: ModelRuntimesParts) {
    const { storage } = parts.config;
    this.#parts = {
      ...parts,
      engines: {
        folder: resolve(parts.baseDir, storage.path, ENGINES_FOLDER),
        maxBytes: () => parts.config.storage.enginesGiB * 2 ** 30,
        inUse: () => new Set([...this.#set.detectors.values()].flatMap(({ engineKey }) => engineKey ?? [])),
        builder: new ProcessEngineBuilder(parts.clock),
      },
    };
    this.#set = new ModelSet(this.#parts, parts.config);
  }

  get set(): ModelSet {
    return this.#set;
  }

  /** Opens all. @param stack where they live */
  async start(stack: ServiceStack, signal: AbortSignal): Promise<void> {
    this.#stack = stack;
    for (const service of this.#set.services) await stack.start(service, signal);
  }

  /**
   * Opens and warms up what another configuration needs, beside what is open.
   * @throws OcellusError when one cannot be used or run: nothing is left of the others then
   */
  async open(config: Config, stale: ReadonlySet<string>, signal: AbortSignal): Promise<ModelSet> {
    const next = new ModelSet(this.#parts, config, { set: this.#set, stale });
    try {
      for (const service of added(this.#set, next)) await this.#stack?.start(service, signal);
      return next;
    } catch (error) {
      await this.abandon(next);
      throw error;
    }
  }

  /** What was opened will not be used. */
  async abandon(next: ModelSet): Promise<void> {
    for (const service of added(this.#set, next)) await this.#stack?.stop(service, CLOSE_DEADLINE_MS);
  }

  /** Uses these from now on, and closes those that nobody uses any more, each after its last run. */
  async adopt(next: ModelSet): Promise<void> {
    const before = this.#set;
    this.#set = next;
    for (const service of added(next, before)) await this.#stack?.stop(service, CLOSE_DEADLINE_MS);
  }
}

/** Services of `next` that are not in `set`. */
function added(set: ModelSet, next: ModelSet): Service[] {
  const known = new Set(set.services);
  return next.services.filter((service) => !known.has(service));
}

/**
 * Tells the least scores that labels of the model's cameras have of their own. Made here, because a function that is made
 * in `ModelSet` holds on to the set before, and that one to the one before it.
 */
function labelMinScores(config: Config, model: string): () => number[] {
  return () =>
    Object.values(config.cameras)
      .filter((camera) => camera.model === model || config.models[camera.model]?.smaller === model)
      .flatMap(({ objects }) => Object.values(objects).flatMap(({ minScore }) => minScore ?? []));
}

function configured<T>(section: Readonly<Record<string, T>> | ReadonlyMap<string, T>, name: string): T {
  const config = section instanceof Map ? section.get(name) : (section as Record<string, T>)[name];
  if (config === undefined) throw new Error(`configuration was not checked: no model ${name}`);
  return config as T;
}
