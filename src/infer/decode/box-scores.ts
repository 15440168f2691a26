import type { ClassChoice, HeadOutput } from './output-decoder.ts';

/**
 * Puts the boxes first of two outputs of four columns, one of which holds boxes and the other scores of four classes: shapes do
 * not tell them apart, values do. Until a picture tells, they count as being in the order in which they come.
 */
export class BoxesFirst {
  readonly #isScores: (data: Float32Array) => boolean;
  #isSwapped = false;
  #isTold = false;

  /** @param isScores whether such values are the scores, if the other output's are not such */
  constructor(isScores: (data: Float32Array) => boolean) {
    this.#isScores = isScores;
  }

  /** Boxes, then scores. */
  order(outputs: readonly HeadOutput[]): readonly [boxes: HeadOutput, scores: HeadOutput] {
    const [first, second] = outputs as readonly [HeadOutput, HeadOutput];
    if (second.columns !== 4 || first.columns !== 4) return [first, second];
    if (!this.#isTold) {
      const [a, b] = [this.#isScores(first.data), this.#isScores(second.data)];
      this.#isTold = a !== b;
      this.#isSwapped = a && !b;
    }
    return this.#isSwapped ? [second, first] : [first, second];
  }
}

/** Calls `found` for the classes of each row whose value reaches `threshold`: its best one, or every one. */
export function scanScores(
  { data, rows, columns }: HeadOutput,
  threshold: number,
  classes: ClassChoice,
  found: (row: number, value: number, classId: number) => void,
): void {
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    let best = -1;
    for (let classId = 0; classId < columns; classId++) {
      const value = data[start + classId]!;
      if (value < threshold) continue;
      if (classes === 'all') found(row, value, classId);
      else if (best < 0 || value > data[start + best]!) best = classId;
    }
    if (best >= 0) found(row, data[start + best]!, best);
  }
}
