import type { OutputDecoderName } from '../config/schema.ts';
import type { SizePx } from '../flow/geometry.ts';
import { STRIDES } from './grid.ts';
import type { ModelSummary } from './model-summary.ts';
import type { OutputLayout } from './output-decoder.ts';

/** Boxes that YOLOv5 predicts in a cell. */
export const RAW_ANCHORS = 3;
/** Values of a box before its class scores: x, y, width, height, objectness. */
export const RAW_HEADER = 5;

type Dims = readonly (number | null)[];

/** The ways in which exports lay out one level: what they have in a box's place, and where rows and columns are. */
const FORMS = [
  {
    rank: 5,
    columns: ([, anchors, , , values]: Dims) => (anchors === RAW_ANCHORS ? values : null),
    rowAxis: 2,
  },
  { rank: 4, columns: ([, channels]: Dims) => perAnchor(channels), rowAxis: 2 },
  { rank: 4, columns: ([, , , channels]: Dims) => perAnchor(channels), rowAxis: 1 },
] as const;

/**
 * YOLOv5, v7 and YOLOv5-Lite exported without the boxes' decoding: for strides 8, 16 and 32 an output [1, 3, rows, columns,
 * 5 + classes], or with anchors and values as channels before or after rows and columns.
 */
export function yolov5RawHead(
  summary: ModelSummary,
  input: SizePx,
  forced: OutputDecoderName | undefined,
): OutputLayout | undefined {
  if (summary.outputs.length !== STRIDES.length) return undefined;
  for (const { rank, columns, rowAxis } of FORMS) {
    // YOLOv3 and v4 have the same channels and read them otherwise; they are what has leaky units.
    if (rank === 4 && summary.operators.LeakyRelu !== undefined && forced !== 'yolov5-raw') continue;
    const outputs = STRIDES.map((stride, level) =>
      summary.outputs.findIndex(({ dims }, index) => {
        const [rows, across] = [dims[rowAxis], dims[rowAxis + 1]];
        const isOpen = rows === null || across === null;
        return (
          dims.length === rank &&
          (dims[0] ?? 1) === 1 &&
          (rows ?? input.heightPx / stride) === input.heightPx / stride &&
          (across ?? input.widthPx / stride) === input.widthPx / stride &&
          // Levels that nothing tells apart come as the head computes them.
          (!isOpen || index === level)
        );
      }),
    );
    if (new Set(outputs).size !== STRIDES.length || outputs.includes(-1)) continue;
    const [values, ...others] = outputs.map((index) => columns(summary.outputs[index]!.dims));
    const classes = (values ?? 0) - RAW_HEADER;
    if (classes < 1 || others.some((other) => other !== values)) continue;
    return { decoder: 'yolov5-raw', convention: 'rgb', classes, outputs };
  }
  return undefined;
}

function perAnchor(channels: number | null | undefined): number | null {
  const values = (channels ?? 0) / RAW_ANCHORS;
  return Number.isInteger(values) ? values : null;
}
