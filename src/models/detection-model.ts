import { basename } from 'node:path';
import { OcellusError } from '../base/errors.ts';
import type { OutputDecoderName } from '../config/schema.ts';
import { anchorsOf } from './anchors.ts';
import { isSizeInput } from './detection-list-heads.ts';
import { detectorInput, inputSize, type ModelInput, pictureType } from './image-input.ts';
import { inputConvention } from './input-convention.ts';
import { COCO80, COCO91, LABEL_SETS, labelsOrGeneric } from './labels.ts';
import type { Manifest } from './manifest.ts';
import { resolveModel } from './model-file.ts';
import type { ModelSummary } from './model-summary.ts';
import { readModelSummary, requireExternalData } from './onnx-file.ts';
import { recogniseOutput } from './output-decoder.ts';
import { refuseSilentModel } from './sound-model.ts';
import { readUltralyticsMetadata } from './ultralytics-metadata.ts';

/** An input that is the same for every picture. */
export interface FixedModelInput {
  readonly name: string;
  readonly type: 'int64';
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

/** Everything that a detector needs to know about a model besides its weights. */
export interface DetectionModel {
  /** For people: the manifest's id, or the file's name. */
  readonly name: string;
  readonly file: string;
  readonly input: ModelInput;
  readonly decoder: OutputDecoderName;
  /** What the model takes beside the picture: int64 values that stay the same, such as the size to scale boxes to. */
  readonly fixedInputs: readonly FixedModelInput[];
  /** Which of the model's outputs are decoded, in the order in which the decoder takes them. */
  readonly outputs: readonly number[];
  /** Width and height in pixels of the input, of heads whose anchors are not in the graph; else empty. */
  readonly anchors: readonly (readonly [number, number])[];
  readonly labels: readonly string[];
  readonly minScore: number;
  readonly nmsIou: number;
  readonly summary: ModelSummary;
}

/** What a configuration or a command line may say about a model. */
export interface ModelChoice {
  /** Path to an `.onnx`, or a manifest id. */
  readonly file: string;
  readonly decoder?: OutputDecoderName | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly minScore?: number | undefined;
  readonly nmsIou?: number | undefined;
  /** Input of a model that takes any size. */
  readonly widthPx?: number | undefined;
  readonly heightPx?: number | undefined;
}

const DEFAULT_MIN_SCORE = 0.35;

/** IoU thresholds that the families' own evaluation uses. */
const DEFAULT_NMS_IOU: Readonly<Record<OutputDecoderName, number>> = {
  yolov5: 0.65,
  yolox: 0.65,
  yolov8: 0.7,
  end2end: 0.7,
  nanodet: 0.6,
  'yolo-fastestv2': 0.45,
  'yolov5-raw': 0.65,
  'yolo-nas': 0.7,
  detr: 0.7,
  'detr-deploy': 0.7,
  'tf-od': 0.7,
  torchvision: 0.7,
  detectron2: 0.7,
};

/** Families whose class numbers begin with the background: trained on COCO, they use COCO's own numbers. */
const NUMBERED_FROM_BACKGROUND: ReadonlySet<OutputDecoderName> = new Set(['tf-od', 'torchvision']);

/**
 * Finds a model, reads what it says about itself and settles how to feed and to read it. Precedence: `choice`, then the
 * manifest, then the model's own metadata, then what is usual in its family.
 *
 * @param baseDir folder that a relative path starts at
 * @throws OcellusError `model_unreadable`, `model_invalid`, `model_external_data_missing`, `model_unsupported`
 *   (also a quantized model that can give no score above zero), `config_invalid` (labels that do not fit)
 */
export function loadDetectionModel(choice: ModelChoice, baseDir: string): DetectionModel {
  const { file, manifest } = resolveModel(choice.file, baseDir);
  const summary = readModelSummary(file);
  requireExternalData(summary);
  refuseSilentModel(summary);
  return describeDetectionModel(summary, manifest, choice);
}

/** The part of `loadDetectionModel` that reads no file. */
export function describeDetectionModel(
  summary: ModelSummary,
  manifest: Manifest | undefined,
  choice: Omit<ModelChoice, 'file'>,
): DetectionModel {
  const metadata = readUltralyticsMetadata(summary.metadata);
  const picture = detectorInput(summary, manifest);
  const type = pictureType(summary, picture, manifest);
  const size = inputSize(summary, picture, manifest, metadata.imageSize, undefined, choice);
  const { decoder, outputs, classes, convention } = recogniseOutput(
    summary,
    size,
    choice.decoder ?? manifest?.decoder,
  );
  const given = choice.labels ?? manifestLabels(manifest) ?? metadata.labels;
  if (given !== undefined && classes !== null && given.length !== classes) {
    throw new OcellusError(
      choice.labels === undefined ? 'model_invalid' : 'config_invalid',
      `${summary.file} has ${classes} classes, but ${given.length} labels are given`,
      { hint: 'list exactly one label per class, in the order that the model was trained with' },
    );
  }
  const fromBackground = NUMBERED_FROM_BACKGROUND.has(decoder);
  if (fromBackground && given !== undefined && isCoco80(given)) {
    throw new OcellusError(
      choice.labels === undefined ? 'model_invalid' : 'config_invalid',
      `${summary.file} numbers its classes from 1, with gaps where it was trained on COCO, and the labels given are COCO's without them`,
      { hint: 'say `labels: coco91`, or begin your own list with one label for the background' },
    );
  }
  return {
    name: manifest?.id ?? basename(summary.file),
    file: summary.file,
    input: { ...size, type, layout: picture.layout, ...inputConvention(convention, manifest, type) },
    decoder,
    // Boxes come in pixels of the input then, as from every other family.
    fixedInputs: summary.inputs
      .filter(isSizeInput)
      .map(({ name }) => ({ name, type: 'int64', dims: [1, 2], values: [size.widthPx, size.heightPx] })),
    outputs,
    anchors: anchorsOf(decoder, summary, manifest, classes),
    labels: labelsOrGeneric(given, classes ?? (fromBackground ? COCO91 : COCO80).length),
    minScore: choice.minScore ?? manifest?.thresholds.minScore ?? DEFAULT_MIN_SCORE,
    nmsIou: choice.nmsIou ?? manifest?.thresholds.nmsIou ?? DEFAULT_NMS_IOU[decoder],
    summary,
  };
}

function manifestLabels(manifest: Manifest | undefined): readonly string[] | undefined {
  const labels = manifest?.labels;
  return typeof labels === 'string' ? LABEL_SETS[labels] : labels;
}

function isCoco80(labels: readonly string[]): boolean {
  return labels.length === COCO80.length && labels.every((label, classId) => label === COCO80[classId]);
}
