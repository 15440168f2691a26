import type { HeadOutput } from './output-decoder.ts';

/** Values before the class scores in a row: cx, cy, w, h, objectness. */
export const ROW_HEADER = 5;

/** Index of the best class of a row that starts at `row`. */
export function bestClass(data: Float32Array, row: number, columns: number): number {
  let best = row + ROW_HEADER;
  for (let at = best + 1; at < row + columns; at++) {
    if (data[at]! > data[best]!) best = at;
  }
  return best - row - ROW_HEADER;
}

/** Whether any row has objectness and a class score above zero. */
export function hasObjectness({ data, rows, columns }: HeadOutput): boolean {
  for (let i = 0; i < rows; i++) {
    const row = i * columns;
    if (data[row + 4]! > 0 && data[row + ROW_HEADER + bestClass(data, row, columns)]! > 0) return true;
  }
  return false;
}
