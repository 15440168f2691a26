import type { ClassChoice, HeadOutput } from './output-decoder.ts';

/** Values before the class scores in a row: cx, cy, w, h, objectness. */
export const ROW_HEADER = 5;

/** Calls `found` for the classes of each row whose objectness times class score reaches `minScore`. */
export function scanRows(
  { data, rows, columns }: HeadOutput,
  minScore: number,
  classes: ClassChoice,
  found: (index: number, row: number, score: number, classId: number) => void,
): void {
  for (let i = 0; i < rows; i++) {
    const row = i * columns;
    const objectness = data[row + 4]!;
    // Class scores are at most 1, so objectness alone rules out nearly every row.
    if (objectness < minScore) continue;
    if (classes === 'best') {
      const classId = bestClass(data, row, columns);
      const score = objectness * data[row + ROW_HEADER + classId]!;
      if (score >= minScore) found(i, row, score, classId);
      continue;
    }
    for (let classId = 0; classId < columns - ROW_HEADER; classId++) {
      const score = objectness * data[row + ROW_HEADER + classId]!;
      if (score >= minScore) found(i, row, score, classId);
    }
  }
}

/** Whether any row has objectness and a class score above zero. */
export function hasObjectness({ data, rows, columns }: HeadOutput): boolean {
  for (let i = 0; i < rows; i++) {
    const row = i * columns;
    if (data[row + 4]! > 0 && data[row + ROW_HEADER + bestClass(data, row, columns)]! > 0) return true;
  }
  return false;
}

/** Index of the best class of a row that starts at `row`. */
function bestClass(data: Float32Array, row: number, columns: number): number {
  let best = row + ROW_HEADER;
  for (let at = best + 1; at < row + columns; at++) {
    if (data[at]! > data[best]!) best = at;
  }
  return best - row - ROW_HEADER;
}
