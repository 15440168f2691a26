import { basename, resolve } from 'node:path';
import { OcellusError } from '../base/errors.ts';
import { imageInput, inputSize, type ModelInput } from './image-input.ts';
import type { ModelSummary } from './model-summary.ts';
import { readModelSummary, requireExternalData } from './onnx-file.ts';
import { describeTensors } from './output-decoder.ts';
import { readUltralyticsMetadata } from './ultralytics-metadata.ts';

/** Everything that re-identification needs to know about a model besides its weights. */
export interface EmbeddingModel {
  readonly name: string;
  readonly file: string;
  readonly input: ModelInput;
  /** Of the vector; null where the graph leaves it open. */
  readonly dimensions: number | null;
  readonly summary: ModelSummary;
}

/** What a configuration may say about it. */
export interface EmbeddingChoice {
  readonly file: string;
  /** Of RGB in 0..1: a pixel becomes `(pixel / 255 - mean) / std`. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** What person re-identification takes where the export leaves the size open: [height, width]. */
const USUAL_INPUT_PX = [256, 128] as const;

/**
 * Finds a re-identification model such as OSNet (Zhou et al., ICCV 2019) and settles how to feed and to read it.
 *
 * @param baseDir folder that a relative path starts at
 * @throws OcellusError `model_unreadable`, `model_invalid`, `model_external_data_missing`, `model_unsupported`
 */
export function loadEmbeddingModel(choice: EmbeddingChoice, baseDir: string): EmbeddingModel {
  const summary = readModelSummary(resolve(baseDir, choice.file));
  requireExternalData(summary);
  return describeEmbeddingModel(summary, choice);
}

/** The part of `loadEmbeddingModel` that reads no file. */
export function describeEmbeddingModel(
  summary: ModelSummary,
  { mean, std }: Omit<EmbeddingChoice, 'file'>,
): EmbeddingModel {
  const picture = imageInput(summary);
  return {
    name: basename(summary.file),
    file: summary.file,
    input: {
      ...inputSize(summary, picture, undefined, USUAL_INPUT_PX),
      ...{ type: 'float32', layout: picture.layout, colourOrder: 'rgb', scale: 1 / 255, mean, std },
      ...{ placement: 'top-left', padValue: 0 },
    },
    dimensions: dimensionsOf(summary),
    summary,
  };
}

function dimensionsOf(summary: ModelSummary): number | null {
  const { task } = readUltralyticsMetadata(summary.metadata);
  const [output] = summary.outputs;
  const [batch, dimensions, ...more] = output?.dims ?? [];
  const isVector = summary.outputs.length === 1 && (batch ?? 1) === 1 && more.length === 0;
  if (task !== undefined || !isVector || dimensions === undefined || dimensions === 1) {
    const evidence =
      task === undefined ? `it has ${describeTensors(summary.outputs)}` : `its metadata says "${task}"`;
    throw new OcellusError(
      'model_unsupported',
      `${summary.file} is not a re-identification model: ${evidence}`,
      { hint: 'export a model with one float32 output [1, dimensions]; classifiers go under `classifiers`' },
    );
  }
  if (output?.type !== 'float32') {
    throw new OcellusError(
      'model_unsupported',
      `${summary.file} gives ${output?.type}; a float32 vector is needed`,
      { hint: 'export it with float32 outputs; weights may be of any precision' },
    );
  }
  return dimensions;
}
