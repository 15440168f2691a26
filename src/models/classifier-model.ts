import { basename, resolve } from 'node:path';
import { OcellusError } from '../base/errors.ts';
import { imageInput, inputSize, type ModelInput } from './image-input.ts';
import type { ModelSummary } from './model-summary.ts';
import { readModelSummary, requireExternalData } from './onnx-file.ts';
import { describeTensors } from './output-decoder.ts';
import { readUltralyticsMetadata } from './ultralytics-metadata.ts';

/** Everything that a classifier needs to know about a model besides its weights. */
export interface ClassifierModel {
  readonly name: string;
  readonly file: string;
  readonly input: ModelInput;
  /** One per class, two at least. */
  readonly labels: readonly string[];
  readonly summary: ModelSummary;
}

/** What a configuration may say about a classifier. */
export interface ClassifierChoice {
  readonly file: string;
  readonly labels?: readonly string[] | undefined;
  /** Of RGB in 0..1: a pixel becomes `(pixel / 255 - mean) / std`. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** What ImageNet models of torchvision and timm take, where the export leaves the size open. */
const USUAL_INPUT_PX = 224;

/**
 * Finds an image classification model and settles how to feed and to read it. Labels come from `choice`, else from the
 * `names` that Ultralytics' exporter writes.
 *
 * @param baseDir folder that a relative path starts at
 * @throws OcellusError `model_unreadable`, `model_invalid`, `model_external_data_missing`, `model_unsupported`,
 *   `config_invalid` (labels that do not fit)
 */
export function loadClassifierModel(choice: ClassifierChoice, baseDir: string): ClassifierModel {
  const summary = readModelSummary(resolve(baseDir, choice.file));
  requireExternalData(summary);
  return describeClassifierModel(summary, choice);
}

/** The part of `loadClassifierModel` that reads no file. */
export function describeClassifierModel(
  summary: ModelSummary,
  choice: Omit<ClassifierChoice, 'file'>,
): ClassifierModel {
  const metadata = readUltralyticsMetadata(summary.metadata);
  const picture = imageInput(summary);
  const size = inputSize(summary, picture, undefined, metadata.imageSize, USUAL_INPUT_PX);
  const classes = classesOf(summary, metadata.task);
  const labels = choice.labels ?? metadata.labels;
  if (labels === undefined) throw withoutLabels(summary, classes);
  if (classes !== null && labels.length !== classes) throw wrongLabels(summary, classes, labels, choice);
  return {
    name: basename(summary.file),
    file: summary.file,
    input: {
      ...size,
      type: 'float32',
      layout: picture.layout,
      colourOrder: 'rgb',
      scale: 1 / 255,
      mean: choice.mean,
      std: choice.std,
      placement: 'top-left',
      padValue: 0,
    },
    labels,
    summary,
  };
}

/** Width of the one output; null when the graph leaves it open. */
function classesOf(summary: ModelSummary, task: string | undefined): number | null {
  const [output] = summary.outputs;
  const [batch, classes] = output?.dims ?? [];
  const isOther = task !== undefined && task !== 'classify';
  const fits = summary.outputs.length === 1 && output?.dims.length === 2 && (batch ?? 1) === 1;
  if (isOther || !fits || classes === undefined) {
    const evidence = isOther ? `its metadata says "${task}"` : `it has ${describeTensors(summary.outputs)}`;
    throw new OcellusError('model_unsupported', `${summary.file} is not an image classifier: ${evidence}`, {
      hint: 'export a classification model with one float32 output [1, classes]; detection models go under `models`',
    });
  }
  if (output?.type !== 'float32' || classes === 1) {
    throw new OcellusError(
      'model_unsupported',
      `${summary.file} gives ${output?.type} ${describeTensors(summary.outputs)}; float32 scores of two classes or more are needed`,
      { hint: 'export it with float32 outputs and one score per class' },
    );
  }
  return classes;
}

function withoutLabels(summary: ModelSummary, classes: number | null): OcellusError {
  const width = classes ?? 'any number of';
  return new OcellusError(
    'model_unsupported',
    `${summary.file} gives ${width} numbers per picture and does not name its classes: it is an embedding ` +
      '(re-identification), or a classifier whose labels are missing',
    {
      hint:
        `for a classifier, list its ${classes === null ? '' : `${classes} `}classes under \`labels\`, in the order of training; ` +
        'an embedding such as OSNet names nothing: it goes under `reid`',
    },
  );
}

function wrongLabels(
  summary: ModelSummary,
  classes: number,
  labels: readonly string[],
  choice: Omit<ClassifierChoice, 'file'>,
): OcellusError {
  return new OcellusError(
    choice.labels === undefined ? 'model_invalid' : 'config_invalid',
    `${summary.file} has ${classes} classes, but ${labels.length} labels are given`,
    { hint: 'list exactly one label per class, in the order that the model was trained with' },
  );
}
