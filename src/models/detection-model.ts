import { basename } from 'node:path';
import { OcellusError } from '../base/errors.ts';
import type { OutputDecoderName } from '../config/schema.ts';
import type { SizePx } from '../flow/geometry.ts';
import { fastestAnchors } from './anchors.ts';
import { inputConvention } from './input-convention.ts';
import { LABEL_SETS, labelsOrGeneric } from './labels.ts';
import { type COLOUR_ORDERS, INPUT_TYPES, type LAYOUTS, type Manifest, type PLACEMENTS } from './manifest.ts';
import { resolveModel } from './model-file.ts';
import type { ModelSummary } from './model-summary.ts';
import { readModelSummary, requireExternalData } from './onnx-file.ts';
import { describeTensors, recogniseOutput } from './output-decoder.ts';
import { refuseSilentModel } from './sound-model.ts';
import { readUltralyticsMetadata } from './ultralytics-metadata.ts';

/** How a picture becomes the input tensor: `(pixel * scale - mean[c]) / std[c]` of a letterboxed picture. */
export interface ModelInput extends SizePx {
  /** `uint8`: the graph normalises; pixels are fed as they are, and `scale`, `mean` and `std` change nothing. */
  readonly type: (typeof INPUT_TYPES)[number];
  readonly layout: (typeof LAYOUTS)[number];
  readonly colourOrder: (typeof COLOUR_ORDERS)[number];
  readonly scale: number;
  /** In the order of the channels. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly placement: (typeof PLACEMENTS)[number];
  /** Grey level 0..255 around the picture. */
  readonly padValue: number;
}

/** Everything that a detector needs to know about a model besides its weights. */
export interface DetectionModel {
  /** For people: the manifest's id, or the file's name. */
  readonly name: string;
  readonly file: string;
  readonly input: ModelInput;
  readonly decoder: OutputDecoderName;
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

const DEFAULT_INPUT_PX = 640;
const DEFAULT_MIN_SCORE = 0.35;

/** IoU thresholds that the families' own evaluation uses. */
const DEFAULT_NMS_IOU: Readonly<Record<OutputDecoderName, number>> = {
  yolov5: 0.65,
  yolox: 0.65,
  yolov8: 0.7,
  end2end: 0.7,
  nanodet: 0.6,
  'yolo-fastestv2': 0.45,
};

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
  const layout = imageInput(summary, manifest, INPUT_TYPES);
  const type = inputType(summary, manifest);
  const size = inputSize(summary, layout, manifest, metadata.imageSize, DEFAULT_INPUT_PX, choice);
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
  return {
    name: manifest?.id ?? basename(summary.file),
    file: summary.file,
    input: { ...size, layout, type, ...inputConvention(convention, manifest, type) },
    decoder,
    outputs,
    anchors: decoder === 'yolo-fastestv2' ? fastestAnchors(summary, manifest, classes) : [],
    labels: labelsOrGeneric(given, classes ?? 80),
    minScore: choice.minScore ?? manifest?.thresholds.minScore ?? DEFAULT_MIN_SCORE,
    nmsIou: choice.nmsIou ?? manifest?.thresholds.nmsIou ?? DEFAULT_NMS_IOU[decoder],
    summary,
  };
}

function manifestLabels(manifest: Manifest | undefined): readonly string[] | undefined {
  const labels = manifest?.labels;
  return typeof labels === 'string' ? LABEL_SETS[labels] : labels;
}

/** The element type of that picture, which the graph says and a manifest may only repeat. */
function inputType(summary: ModelSummary, manifest: Manifest | undefined): ModelInput['type'] {
  const type = summary.inputs[0]?.type === 'uint8' ? 'uint8' : 'float32';
  if ((manifest?.input.type ?? type) === type) return type;
  throw new OcellusError(
    'model_invalid',
    `the manifest says that the input is ${manifest?.input.type}, but ${summary.file} takes ${type}`,
    { hint: 'put the manifest and the model of the same import together, or import the model again' },
  );
}

/**
 * The layout of the one colour picture that the model takes.
 *
 * @param types element types that the caller can feed
 * @throws OcellusError `model_unsupported`
 */
export function imageInput(
  summary: ModelSummary,
  manifest: Manifest | undefined,
  types: readonly string[] = ['float32'],
): ModelInput['layout'] {
  const [input] = summary.inputs;
  const layout = manifest?.input.layout ?? (input?.dims[3] === 3 ? 'nhwc' : 'nchw');
  const channels = input?.dims[layout === 'nchw' ? 1 : 3];
  const [batch] = input?.dims ?? [];
  const fits =
    summary.inputs.length === 1 && input?.dims.length === 4 && (channels ?? 3) === 3 && (batch ?? 1) === 1;
  if (!fits || input === undefined) {
    throw new OcellusError(
      'model_unsupported',
      `the inputs of ${summary.file} are not one colour picture: it has ${describeTensors(summary.inputs)}`,
      { hint: 'export the model with one input [1, 3, height, width]' },
    );
  }
  if (!types.includes(input.type)) {
    throw new OcellusError(
      'model_unsupported',
      `${summary.file} takes ${input.type} pictures; only ${types.join(' and ')} is supported`,
      { hint: 'export it with float32 input; weights may be of any precision' },
    );
  }
  return layout;
}

/**
 * The size of that picture.
 * @param usualPx edge of the square that a model takes which says nothing
 * @param chosen size to use of a model that takes any
 * @throws OcellusError `model_invalid`, `config_invalid` for a size that the model does not take
 */
export function inputSize(
  summary: ModelSummary,
  layout: ModelInput['layout'],
  manifest: Manifest | undefined,
  exported: readonly [heightPx: number, widthPx: number] | undefined,
  usualPx = DEFAULT_INPUT_PX,
  chosen: { readonly widthPx?: number | undefined; readonly heightPx?: number | undefined } = {},
): SizePx {
  const dims = summary.inputs[0]!.dims;
  const [height, width] = layout === 'nchw' ? [dims[2], dims[3]] : [dims[1], dims[2]];
  const heightPx = height ?? chosen.heightPx ?? manifest?.input.heightPx ?? exported?.[0] ?? usualPx;
  const widthPx = width ?? chosen.widthPx ?? manifest?.input.widthPx ?? exported?.[1] ?? usualPx;
  if ((chosen.heightPx ?? heightPx) !== heightPx || (chosen.widthPx ?? widthPx) !== widthPx) {
    throw new OcellusError('config_invalid', `${summary.file} takes only ${widthPx}x${heightPx}`, {
      hint: 'leave widthPx and heightPx out, or export the model with dynamic axes',
    });
  }
  const said = manifest?.input;
  const contradicts = (axis: number | null | undefined, stated: number | undefined) =>
    typeof axis === 'number' && stated !== undefined && stated !== axis;
  if (contradicts(height, said?.heightPx) || contradicts(width, said?.widthPx)) {
    throw new OcellusError(
      'model_invalid',
      `the manifest says ${said?.widthPx}x${said?.heightPx}, but ${summary.file} takes only ${widthPx}x${heightPx}`,
      { hint: 'correct the size in the manifest, or leave it out' },
    );
  }
  return { widthPx, heightPx };
}
