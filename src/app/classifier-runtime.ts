import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { ClassifierModelConfig } from '../config/schema.ts';
import { openClassifier } from '../infer/classifier.ts';
import { type ClassifierModel, loadClassifierModel } from '../models/classifier-model.ts';
import { type CropModelInUse, CropRuntime } from './crop-runtime.ts';

export interface ClassifierRuntimeParts {
  readonly name: string;
  readonly config: ClassifierModelConfig;
  readonly baseDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** One configured classifier and the crops that wait for it. */
export class ClassifierRuntime extends CropRuntime {
  readonly model: ClassifierModel;
  /** Looks whose best class scores less do not count, 0..1. */
  readonly minScore: number;

  /** Reads the model's description; its weights are loaded by `start`. @throws OcellusError as `loadClassifierModel` */
  constructor(parts: ClassifierRuntimeParts) {
    const model = loadClassifierModel(parts.config, parts.baseDir);
    super({
      ...parts,
      name: `classifier ${parts.name}`,
      file: model.file,
      open: (options) => openClassifier({ ...options, model }),
    });
    this.model = model;
    this.minScore = parts.config.minScore;
  }

  override inUse(): CropModelInUse & { readonly classes: number } {
    return { ...super.inUse(), classes: this.model.labels.length };
  }
}
