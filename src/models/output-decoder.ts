import { OcellusError } from '../base/errors.ts';
import type { OutputDecoderName } from '../config/schema.ts';
import type { SizePx } from '../flow/geometry.ts';
import type { InputConvention } from './input-convention.ts';
import type { ModelSummary, ModelTensor } from './model-summary.ts';
import { fastestHead, nanodetHead } from './multi-output-heads.ts';

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

/** Strides of the three detection levels that all supported heads have. */
export const STRIDES = [8, 16, 32] as const;

const END_TO_END_COLUMNS = 6;
/** End-to-end heads keep the best few boxes; more rows than this are a dense head. */
const END_TO_END_MAX_ROWS = 1000;
/** Open Images has 601, LVIS 1203: a damaged model may claim thousands of millions, and each gets a label. */
const MAX_CLASSES = 65_536;
const SUPPORTED =
  'supported are YOLOv5/v7 [1, boxes, 5+classes], YOLOX [1, boxes, 5+classes], ' +
  'YOLOv8/v9/11/12 [1, 4+classes, boxes], end-to-end heads such as YOLOv10/26 [1, 300, 6], NanoDet (six outputs) and ' +
  'YOLO-FastestV2 (two outputs)';

/** Grid cells of the detection levels of an input, one box each. */
export function gridCells(input: SizePx, strides: readonly number[] = STRIDES): number {
  return strides.reduce((sum, stride) => sum + (input.widthPx / stride) * (input.heightPx / stride), 0);
}

/**
 * Recognises the outputs of a detection model by their shapes; `forced` skips the recognition but not the fit.
 *
 * @throws OcellusError `model_unsupported` with the shapes that the model has and what is supported
 */
export function recogniseOutput(
  summary: ModelSummary,
  input: SizePx,
  forced: OutputDecoderName | undefined,
): OutputLayout {
  for (const head of [nanodetHead(summary, input), fastestHead(summary, input)]) {
    if (head !== undefined && (forced ?? head.decoder) === head.decoder) return head;
  }
  const otherTask = forced === undefined ? recogniseOtherTask(summary) : undefined;
  if (otherTask !== undefined) throw otherTask;
  for (const [output, tensor] of summary.outputs.entries()) {
    for (const fit of fitsOf(tensor, input, summary)) {
      if (forced === undefined || fit.decoder === forced) return { ...fit, outputs: [output] };
    }
  }
  const asked = forced === undefined ? 'fit no decoder' : `do not fit the decoder "${forced}"`;
  throw new OcellusError(
    'model_unsupported',
    `the outputs of ${summary.file} ${asked}: it has ${describeTensors(summary.outputs)} for an input of ${input.widthPx}x${input.heightPx}; ${SUPPORTED}`,
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
    `${summary.file} is ${what}, not an object detector: ${evidence}; ${SUPPORTED}`,
    {
      hint: 'give an object detection model, such as yolox-nano or an Ultralytics export of the task "detect"',
    },
  );
}
