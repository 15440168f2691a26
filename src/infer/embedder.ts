import { OcellusError } from '../base/errors.ts';
import type { EmbeddingModel } from '../models/embedding-model.ts';
import type { Tensor } from './backend.ts';
import { type CropModel, type CropModelOptions, openCropModel } from './crop-model.ts';

export interface EmbedderOptions extends CropModelOptions {
  readonly model: EmbeddingModel;
}

/**
 * Loads a re-identification model, which gives a vector of unit length per crop: the cosine of two is their dot product.
 *
 * @throws OcellusError as `openCropModel`; `model_unsupported` when what it gives is not one vector
 */
export function openEmbedder({ model, ...options }: EmbedderOptions): Promise<CropModel> {
  return openCropModel(options, model, {
    check: (outputs) => vectorOf(outputs, model),
    read: (vector) => toUnitLength(vector, model.file),
  });
}

function vectorOf([output]: readonly Tensor[], { file, dimensions }: EmbeddingModel): Float32Array {
  const length = output?.data.length ?? 0;
  if (output?.data instanceof Float32Array && length > 1 && length === (dimensions ?? length)) {
    return output.data;
  }
  throw new OcellusError('model_unsupported', `${file} gives [${output?.dims.join(', ')}], not one vector`, {
    hint: 'export a re-identification model with one float32 output [1, dimensions]',
  });
}

function toUnitLength(vector: Float32Array, file: string): number[] {
  const length = Math.hypot(...vector);
  if (!Number.isFinite(length) || length === 0) {
    throw new OcellusError('inference_failed', `${file} gave a vector of length ${length}`);
  }
  return Array.from(vector, (value) => value / length);
}
