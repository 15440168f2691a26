import { isDeepStrictEqual } from 'node:util';
import { OcellusError } from '../base/errors.ts';
import type { Service } from '../base/service.ts';
import type { CameraConfig } from '../config/camera-schema.ts';
import { ClassifierRuntime } from './classifier-runtime.ts';
import type { DaemonParts } from './daemon.ts';
import { inSection } from './in-section.ts';
import type { NamedScheduler } from './inference-lane.ts';
import { ModelRuntime } from './model-runtime.ts';
import { ReidRuntime } from './reid-runtime.ts';

/** The models of the cameras. Each is opened once, however many cameras use it. */
export class ModelRuntimes {
  readonly detectors = new Map<string, ModelRuntime>();
  readonly classifiers = new Map<string, ClassifierRuntime>();
  readonly reid = new Map<string, ReidRuntime>();
  readonly #parts: DaemonParts;

  constructor(parts: DaemonParts) {
    this.#parts = parts;
  }

  get services(): Service[] {
    return [...this.detectors.values(), ...this.classifiers.values(), ...this.reid.values()];
  }

  /** @throws OcellusError when a model cannot be used as it is */
  detectorOf({ model: name }: CameraConfig): ModelRuntime {
    const config = configured(this.#parts.config.models, name);
    const minScores = this.#labelMinScores(name);
    const build = () => new ModelRuntime({ ...this.#parts, name, config, minScores });
    return onceIn(this.detectors, 'models', name, build);
  }

  /**
   * The model that takes the place of a camera's own when lower rates alone do not suffice; undefined when none is named.
   * @throws OcellusError as `detectorOf`, and `config_invalid` when it knows other labels
   */
  smallerOf(camera: CameraConfig): NamedScheduler | undefined {
    const { smaller } = configured(this.#parts.config.models, camera.model);
    if (smaller === undefined) return undefined;
    const runtime = this.detectorOf({ ...camera, model: smaller });
    const { labels } = this.detectorOf(camera).model;
    if (!isDeepStrictEqual(labels, runtime.model.labels)) {
      throw new OcellusError(
        'config_invalid',
        `models.${camera.model}.smaller: the model "${smaller}" has other labels, and objects would change theirs with it`,
        { hint: 'name a model that was trained for the same labels in the same order' },
      );
    }
    return { name: smaller, scheduler: runtime.scheduler };
  }

  /** Every classifier that a camera names, and perhaps others. @throws OcellusError as `detectorOf` */
  classifiersOf({ classify }: CameraConfig): ReadonlyMap<string, ClassifierRuntime> {
    for (const { model: name } of Object.values(classify)) {
      const config = configured(this.#parts.config.classifiers, name);
      onceIn(
        this.classifiers,
        'classifiers',
        name,
        () => new ClassifierRuntime({ ...this.#parts, name, config }),
      );
    }
    return this.classifiers;
  }

  /** Undefined when a camera names none. @throws OcellusError as `detectorOf` */
  reidOf({ reid }: CameraConfig): ReidRuntime | undefined {
    if (reid === undefined) return undefined;
    const { model: name } = reid;
    const config = configured(this.#parts.config.reid, name);
    return onceIn(this.reid, 'reid', name, () => new ReidRuntime({ ...this.#parts, name, config }));
  }

  /** Least scores that labels of the model's cameras have of their own. */
  #labelMinScores(model: string): number[] {
    const { cameras, models } = this.#parts.config;
    return Object.values(cameras)
      .filter((camera) => camera.model === model || models[camera.model]?.smaller === model)
      .flatMap(({ objects }) => Object.values(objects).flatMap(({ minScore }) => minScore ?? []));
  }
}

function configured<T>(section: Readonly<Record<string, T>>, name: string): T {
  const config = section[name];
  if (config === undefined) throw new Error(`configuration was not checked: no model ${name}`);
  return config;
}

function onceIn<T>(runtimes: Map<string, T>, section: string, name: string, build: () => T): T {
  const runtime = runtimes.get(name) ?? inSection(`${section}.${name}`, build);
  runtimes.set(name, runtime);
  return runtime;
}
