import type { OutputDecoderName } from '../config/schema.ts';
import type { SizePx } from '../flow/geometry.ts';
import { gridCells } from './grid.ts';
import type { ModelSummary, ModelTensor } from './model-summary.ts';
import type { OutputLayout } from './output-decoder.ts';

/** More rows than this are cells of a grid, and no queries of a transformer. */
const MAX_QUERIES = 1000;

/** YOLO-NAS: boxes [1, cells, 4] and scores [1, cells, classes]. */
export function yoloNasHead(
  summary: ModelSummary,
  input: SizePx,
  forced: OutputDecoderName | undefined,
): OutputLayout | undefined {
  const pair = boxesAndScores(summary, 'boxes');
  const isLikely = forced === 'yolo-nas' || (forced === undefined && !isTransformer(summary));
  const fits = pair?.rows === null ? isLikely : pair?.rows === gridCells(input);
  if (pair === undefined || !fits) return undefined;
  return {
    decoder: 'yolo-nas',
    convention: 'rgb',
    classes: pair.classes,
    outputs: [pair.boxes, pair.scores],
  };
}

/** RT-DETR and D-FINE: logits [1, queries, classes] and boxes [1, queries, 4]. */
export function queryHead(
  summary: ModelSummary,
  input: SizePx,
  forced: OutputDecoderName | undefined,
): OutputLayout | undefined {
  const pair = boxesAndScores(summary, 'scores');
  if (pair === undefined) return undefined;
  const { rows, classes, boxes, scores } = pair;
  const isLikely = rows === null ? isTransformer(summary) : rows <= MAX_QUERIES;
  const fits = (isLikely || forced === 'detr') && rows !== gridCells(input);
  return fits ? { decoder: 'detr', convention: 'stretched', classes, outputs: [boxes, scores] } : undefined;
}

interface Pair {
  /** Indices among the outputs. */
  readonly boxes: number;
  readonly scores: number;
  readonly rows: number | null;
  readonly classes: number;
}

/** @param first which of the two the family's own exports give first: of four classes both look alike */
function boxesAndScores({ outputs }: ModelSummary, first: 'boxes' | 'scores'): Pair | undefined {
  if (outputs.length !== 2 || !outputs.every(isTable)) return undefined;
  const [columns0, columns1] = outputs.map(({ dims }) => dims[2] ?? 0) as [number, number];
  const boxes = columns0 === columns1 ? (first === 'boxes' ? 0 : 1) : columns0 === 4 ? 0 : 1;
  const scores = 1 - boxes;
  const [boxRows, scoreRows] = [boxes, scores].map((index) => outputs[index]!.dims[1] ?? null);
  const classes = outputs[scores]!.dims[2] ?? 0;
  const agree = boxRows === scoreRows || boxRows === null || scoreRows === null;
  if (outputs[boxes]!.dims[2] !== 4 || classes < 1 || !agree) return undefined;
  return { boxes, scores, rows: boxRows ?? scoreRows ?? null, classes };
}

function isTable({ dims }: ModelTensor): boolean {
  return dims.length === 3 && (dims[0] ?? 1) === 1;
}

/** Convolutional heads multiply no matrices; attention does. */
function isTransformer({ operators }: ModelSummary): boolean {
  return operators.MatMul !== undefined || operators.Gemm !== undefined;
}
