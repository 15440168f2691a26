import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { ReidModelConfig } from '../config/schema.ts';
import { Gallery } from '../events/gallery.ts';
import { openEmbedder } from '../infer/embedder.ts';
import { type EmbeddingModel, loadEmbeddingModel } from '../models/embedding-model.ts';
import { CropRuntime } from './crop-runtime.ts';
import { lookAtGallery } from './gallery-pictures.ts';

const CLOSE_DEADLINE_MS = 5_000;

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
  readonly #parts: ReidRuntimeParts;
  #gallery: Gallery | undefined;

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
    this.#parts = parts;
  }

  /** Known objects; absent where none is configured. */
  get gallery(): Gallery | undefined {
    return this.#gallery;
  }

  /** @throws OcellusError when the model cannot be run, or its gallery cannot be looked at */
  override async start(): Promise<void> {
    await super.start();
    const { config, log } = this.#parts;
    if (config.gallery === undefined) return;
    const model = await this.openSession();
    try {
      const known = await lookAtGallery(config.gallery, model, this.model.input);
      this.#gallery = new Gallery(known, this.minSimilarity);
      log.info({ model: this.name, known: [...known.keys()] }, 'gallery is known');
    } finally {
      await model.close(CLOSE_DEADLINE_MS);
    }
  }
}
