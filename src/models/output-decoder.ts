import { OcellusError } from '../base/errors.ts';
import type { OutputDecoderName } from '../config/schema.ts';
import type { SizePx } from '../flow/geometry.ts';
import { queryHead, yoloNasHead } from './box-score-heads.ts';
import {
  deployedQueryHead,
  detectron2Head,
  isSizeInput,
  tfOdHead,
  torchvisionHead,
} from './detection-list-heads.ts';
import { SUPPORTED_FAMILIES } from './families.ts';
import { gridCells, STRIDES } from './grid.ts';
import type { InputConvention } from './input-convention.ts';
import type { ModelSummary, ModelTensor } from './model-summary.ts';
import { fastestHead, nanodetHead } from './multi-output-heads.ts';
import { yolov5RawHead } from './raw-anchor-head.ts';

/** Which outputs hold the detections, and how they are laid out. */
export interface OutputLayout {
  readonly decoder: OutputDecoderName;
  /** Indices among the model's outputs, in the order in which the decoder takes them. */
  readonly outputs: readonly number[];
  /** How pictures are fed: YOLOX may have decoded its boxes in the graph and is fed as YOLOX all the same. */
  readonly convention: InputConvention;
  /** Number of classes; null where the output does not tell (end-to-end heads give a class number). */
  readonly classes: number | null;
}

/** Entry of a model's metadata that says how many boxes its graph lets through, of a head that was cut to its best. */
export const BEST_BOXES_KEY = 'ocellus_best_boxes';

const END_TO_END_COLUMNS = 6;
/** End-to-end heads keep the best few boxes; more rows than this are a dense head. */
const END_TO_END_MAX_ROWS = 1000;
/** Open Images has 601, LVIS 1203: a damaged model may claim thousands of millions, and each gets a label. */
const MAX_CLASSES = 65_536;

/** Heads of several outputs. At most one fits a model: each has another number of outputs, or other ranks or types of them. */
const HEADS: readonly ((
  summary: ModelSummary,
  input: SizePx,
  forced: OutputDecoderName | undefined,
) => OutputLayout | undefined)[] = [
  nanodetHead,
  fastestHead,
  yolov5RawHead,
  yoloNasHead,
  queryHead,
  deployedQueryHead,
  tfOdHead,
  torchvisionHead,
  detectron2Head,
];

/**
 * Recognises the outputs of a detection model by their shapes and types; `forced` skips the recognition but not the fit.
 *
 * @throws OcellusError `model_unsupported` with the shapes that the model has and what is supported
 */
export function recogniseOutput(
  summary: ModelSummary,
  input: SizePx,
  forced: OutputDecoderName | undefined,
): OutputLayout {
  const hasSizeInput = summary.inputs.some(isSizeInput);
  let whole: OutputLayout | undefined;
  for (const headOf of HEADS) {
    whole ??= headOf(summary, input, forced);
  }
  if ((whole?.classes ?? 0) > MAX_CLASSES) whole = undefined;
  const isAsked = whole !== undefined && (forced ?? whole.decoder) === whole.decoder;
  if (whole !== undefined && isAsked && hasSizeInput === (whole.decoder === 'detr-deploy')) return whole;
  const otherTask = forced === undefined ? recogniseOtherTask(summary) : undefined;
  if (otherTask !== undefined) throw otherTask;
  // What is known as one head of several outputs is no other head by one of them.
  for (const [output, tensor] of whole === undefined && !hasSizeInput ? summary.outputs.entries() : []) {
    const fits = fitsOf(tensor, input, summary);
    if (forced === undefined && isSquare(tensor) && fits.length > 1) throw ambiguous(summary, fits);
    for (const fit of fits) {
      if (forced === undefined || fit.decoder === forced) return { ...fit, outputs: [output] };
    }
  }
  const asked = forced === undefined ? 'fit no decoder' : `do not fit the decoder "${forced}"`;
  throw new OcellusError(
    'model_unsupported',
    `the outputs of ${summary.file} ${asked}: it has ${describeTensors(summary.outputs)} for an input of ${input.widthPx}x${input.heightPx}; ${SUPPORTED_FAMILIES}`,
    {
      hint: 'export a detection model of a supported family with its head decoded, or name a `decoder` that fits',
    },
  );
}

/** `output [1, 3549, 85]`, with `?` for dynamic axes. */
export function describeTensors(tensors: readonly ModelTensor[]): string {
  return tensors.map(({ name, dims }) => `${name} [${dims.map((dim) => dim ?? '?').join(', ')}]`).join(', ');
}

/** Every way to read one output, the likeliest first. */
function fitsOf(tensor: ModelTensor, input: SizePx, summary: ModelSummary): Omit<OutputLayout, 'outputs'>[] {
  if (tensor.dims.length !== 3 || (tensor.dims[0] ?? 1) !== 1) return [];
  const [, rows, columns] = tensor.dims as [number | null, number | null, number | null];
  const cells = gridCells(input);
  const anchors = [3 * cells, 3 * gridCells(input, [...STRIDES, 64])];
  const fits: Omit<OutputLayout, 'outputs'>[] = [];
  if (columns !== null && columns > 5) {
    const classes = columns - 5;
    if (rows === cells) {
      // A graph with Exp has decoded its boxes already (YOLOX --decode_in_inference): they read as YOLOv5's do.
      const decoded = summary.operators.Exp !== undefined;
      fits.push({ decoder: decoded ? 'yolov5' : 'yolox', classes, convention: 'yolox' });
      fits.push({ decoder: decoded ? 'yolox' : 'yolov5', classes, convention: decoded ? 'yolox' : 'rgb' });
    } else if (rows !== null ? anchors.includes(rows) : summary.metadata.names !== undefined) {
      fits.push({ decoder: 'yolov5', classes, convention: 'rgb' });
    }
    const few = rows === null || rows <= END_TO_END_MAX_ROWS;
    if (columns === END_TO_END_COLUMNS && few && fits.length === 0) {
      fits.push({ decoder: 'end2end', classes: null, convention: 'rgb' });
    }
  }
  const isCut = columns !== null && summary.metadata[BEST_BOXES_KEY] === String(columns);
  if (rows !== null && rows > 4 && (columns === null || columns === cells || isCut)) {
    fits.push({ decoder: 'yolov8', classes: rows - 4, convention: 'rgb' });
  }
  return fits.filter(({ classes }) => classes === null || classes <= MAX_CLASSES);
}

/** As many rows as columns: where both are the number of cells, rows of boxes and columns of boxes look alike. */
function isSquare({ dims }: ModelTensor): boolean {
  return dims[1] !== null && dims[1] === dims[2];
}

function ambiguous(summary: ModelSummary, fits: readonly Pick<OutputLayout, 'decoder'>[]): OcellusError {
  const decoders = fits.map(({ decoder }) => decoder);
  return new OcellusError(
    'model_unsupported',
    `the outputs of ${summary.file} fit several decoders (${decoders.join(', ')}): it has ${describeTensors(summary.outputs)}`,
    { hint: 'name the `decoder` in the manifest or the configuration' },
  );
}

/** The error for a model that is a sound one of another task. */
function recogniseOtherTask(summary: ModelSummary): OcellusError | undefined {
  const task = summary.metadata.task;
  if (task !== undefined && task !== 'detect') {
    return wrongTask(summary, `a model for the task "${task}"`, 'its metadata says so');
  }
  const { outputs } = summary;
  const shapes = describeTensors(outputs);
  const ranks = outputs.map(({ dims }) => dims.length);
  if (
    ranks.length > 1 &&
    ranks.includes(4) &&
    outputs.some(({ dims }) => dims.length === 4 && dims[1] === 32)
  ) {
    return wrongTask(summary, 'a segmentation model', `it has mask prototypes: ${shapes}`);
  }
  if (ranks.every((rank) => rank === 2)) {
    return wrongTask(
      summary,
      'a model that gives one vector per picture (re-identification or classification)',
      `it has ${shapes}`,
    );
  }
  const pair = outputs.length === 2 && ranks.every((rank) => rank === 3);
  if (pair && outputs.some(({ dims }) => dims[2] === 4) && outputs.some(({ dims }) => dims[2] === 2)) {
    return wrongTask(summary, 'a face detector with separate scores and boxes', `it has ${shapes}`);
  }
  return undefined;
}

function wrongTask(summary: ModelSummary, what: string, evidence: string): OcellusError {
  return new OcellusError(
    'model_unsupported',
    `${summary.file} is ${what}, not an object detector: ${evidence}; ${SUPPORTED_FAMILIES}`,
    {
      hint: 'give an object detection model, such as yolox-nano or an Ultralytics export of the task "detect"',
    },
  );
}
