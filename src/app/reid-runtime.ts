import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { ReidModelConfig } from '../config/schema.ts';
import { openEmbedder } from '../infer/embedder.ts';
import { type EmbeddingModel, loadEmbeddingModel } from '../models/embedding-model.ts';
import { CropRuntime } from './crop-runtime.ts';

export interface ReidRuntimeParts {
  readonly name: string;
  readonly config: ReidModelConfig;
  readonly baseDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** One configured re-identification model and the crops that wait for it. */
export class ReidRuntime extends CropRuntime {
  readonly model: EmbeddingModel;
  /** Least cosine of two views of one object. */
  readonly minSimilarity: number;

  /** Reads the model's description; its weights are loaded by `start`. @throws OcellusError as `loadEmbeddingModel` */
  constructor(parts: ReidRuntimeParts) {
    const model = loadEmbeddingModel(parts.config, parts.baseDir);
    super({
      ...parts,
      name: `reid ${parts.name}`,
      file: model.file,
      open: (options) => openEmbedder({ ...options, model }),
    });
    this.model = model;
    this.minSimilarity = parts.config.minSimilarity;
  }
}
