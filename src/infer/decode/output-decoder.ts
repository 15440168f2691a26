import type { Candidates } from './candidates.ts';

/** Shape of one output without the batch axis; further axes but the last count as rows. */
export interface HeadShape {
  readonly rows: number;
  readonly columns: number;
  /** All axes but that of the batch. */
  readonly axes: readonly number[];
}

/** Values of one output of one picture. */
export interface HeadOutput extends HeadShape {
  /** At least `rows * columns` values. */
  readonly data: Float32Array;
}

/**
 * Which classes of a box are reported: its best one, as a live system wants, or every one above the threshold, as the
 * families' own COCO evaluation does (a box then counts for its second class too).
 */
export type ClassChoice = 'best' | 'all';

/** Reads one family's outputs: one, or as many as its head has, in the order that the model's description gives. */
export interface OutputDecoder {
  /** False for heads that suppress duplicates themselves. */
  readonly needsNms: boolean;
  /**
   * For heads that give lists of detections: how many values each output has for one of them, and 1 for single numbers. Such
   * outputs may have another length for every picture, be integers and lack the batch axis. Absent: [1, rows, columns] floats.
   */
  readonly listColumns?: readonly number[];
  /** Whether outputs of these shapes can be those of this head with so many classes. */
  fits(outputs: readonly HeadShape[], classes: number): boolean;
  /** Replaces what is in `into` by the boxes that score at least `minScore`. */
  decode(outputs: readonly HeadOutput[], minScore: number, classes: ClassChoice, into: Candidates): void;
  /**
   * Whether any score at all is above zero: a model that was quantized badly has none. Undefined when the outputs do not tell,
   * as an empty list does not.
   */
  hasScore(outputs: readonly HeadOutput[]): boolean | undefined;
}
