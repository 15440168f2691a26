import type { SizePx } from '../flow/geometry.ts';
import type { ModelSummary, ModelTensor } from './model-summary.ts';
import type { OutputLayout } from './output-decoder.ts';

/** Strides of NanoDet's levels. */
export const NANODET_STRIDES = [8, 16, 32] as const;
/** Strides of YOLO-FastestV2's levels. */
export const FASTEST_STRIDES = [16, 32] as const;
/** Boxes that YOLO-FastestV2 predicts in a cell. */
export const FASTEST_ANCHORS = 3;

/** Per side of a box one distribution over 0..7 (NanoDet) or 0..16 (as in GFL) strides. */
const DISTRIBUTION_COLUMNS: readonly number[] = [4 * 8, 4 * 17];

/**
 * NanoDet: for every level two outputs, [1, cells, classes] and [1, cells, 4 * bins]. The outputs come back as the class
 * maps and then the box maps, each from the finest level to the coarsest.
 */
export function nanodetHead(summary: ModelSummary, input: SizePx): OutputLayout | undefined {
  const levels = NANODET_STRIDES.map((stride) => {
    const cells = cellsOf(input, stride);
    return indicesOf(summary, ({ dims }) => dims.length === 3 && (dims[0] ?? 1) === 1 && dims[1] === cells);
  });
  if (summary.outputs.length !== 6 || levels.some((found) => found.length !== 2)) return undefined;
  const columns = (output: number) => summary.outputs[output]!.dims[2] ?? 0;
  const pairs = levels.map(([first, second]) => {
    // Where a model has as many classes as a distribution has columns, the class map is the one named first.
    const isBoxes = DISTRIBUTION_COLUMNS.includes(columns(second!));
    return isBoxes ? { classes: first!, boxes: second! } : { classes: second!, boxes: first! };
  });
  const classes = columns(pairs[0]!.classes);
  const bins = columns(pairs[0]!.boxes);
  const fits = pairs.every((pair) => columns(pair.classes) === classes && columns(pair.boxes) === bins);
  if (!fits || classes === 0 || !DISTRIBUTION_COLUMNS.includes(bins)) return undefined;
  return {
    decoder: 'nanodet',
    convention: 'nanodet',
    classes,
    outputs: [...pairs.map((pair) => pair.classes), ...pairs.map((pair) => pair.boxes)],
  };
}

/** YOLO-FastestV2: two outputs [1, height / stride, width / stride, 12 + 3 + classes], strides 16 and 32. */
export function fastestHead(summary: ModelSummary, input: SizePx): OutputLayout | undefined {
  const outputs = FASTEST_STRIDES.map(
    (stride) =>
      indicesOf(
        summary,
        ({ dims }) =>
          dims.length === 4 &&
          (dims[0] ?? 1) === 1 &&
          dims[1] === input.heightPx / stride &&
          dims[2] === input.widthPx / stride,
      )[0],
  );
  const [fine, coarse] = outputs;
  if (summary.outputs.length !== 2 || fine === undefined || coarse === undefined) return undefined;
  const columns = summary.outputs[fine]!.dims[3] ?? 0;
  const classes = columns - 5 * FASTEST_ANCHORS;
  if (classes < 1 || summary.outputs[coarse]!.dims[3] !== columns) return undefined;
  return { decoder: 'yolo-fastestv2', convention: 'yolo-fastestv2', classes, outputs: [fine, coarse] };
}

function cellsOf(input: SizePx, stride: number): number {
  return Math.ceil(input.widthPx / stride) * Math.ceil(input.heightPx / stride);
}

function indicesOf({ outputs }: ModelSummary, fits: (tensor: ModelTensor) => boolean): number[] {
  return outputs.flatMap((tensor, index) => (fits(tensor) ? [index] : []));
}
