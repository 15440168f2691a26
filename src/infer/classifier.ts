import { OcellusError } from '../base/errors.ts';
import type { ClassifierModel } from '../models/classifier-model.ts';
import type { Tensor } from './backend.ts';
import { type CropModel, type CropModelOptions, openCropModel } from './crop-model.ts';

export interface ClassifierOptions extends CropModelOptions {
  readonly model: ClassifierModel;
}

/** How far from 1 the sum of probabilities may be: half precision inside the model costs so much. */
const SUM_TOLERANCE = 1e-3;

/**
 * Loads a classifier, which gives probabilities in the order of the labels, with the sum 1.
 *
 * @throws OcellusError as `openCropModel`; `model_unsupported` when what it gives is not one score per label
 */
export function openClassifier({ model, ...options }: ClassifierOptions): Promise<CropModel> {
  return openCropModel(options, model, {
    check: (outputs) => scoresOf(outputs, model),
    read: toProbabilities,
  });
}

function scoresOf([output]: readonly Tensor[], { file, labels }: ClassifierModel): Float32Array {
  if (output?.data instanceof Float32Array && output.data.length === labels.length) return output.data;
  throw new OcellusError(
    'model_unsupported',
    `${file} gives [${output?.dims.join(', ')}], not one float32 score for each of ${labels.length} labels`,
    { hint: 'list exactly one label per class, in the order that the model was trained with' },
  );
}

/** Softmax, unless the values are probabilities already: none below zero and a sum of 1, which logits do not have. */
export function toProbabilities(scores: ArrayLike<number>): number[] {
  const values = Array.from(scores);
  const sum = values.reduce((total, value) => total + value, 0);
  if (values.every((value) => value >= 0) && Math.abs(sum - 1) <= SUM_TOLERANCE) {
    return values.map((value) => value / sum);
  }
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const total = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / total);
}
