import type { Candidates } from './candidates.ts';

/** Values of one output of one picture and its shape without the batch axis. */
export interface HeadOutput {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Which classes of a box are reported: its best one, as a live system wants, or every one above the threshold, as the
 * families' own COCO evaluation does (a box then counts for its second class too).
 */
export type ClassChoice = 'best' | 'all';

/** Reads one family's output. */
export interface OutputDecoder {
  /** False for heads that suppress duplicates themselves. */
  readonly needsNms: boolean;
  /** Whether an output of this shape can be one of this head with so many classes. */
  fits(rows: number, columns: number, classes: number): boolean;
  /** Replaces what is in `into` by the boxes that score at least `minScore`. */
  decode(output: HeadOutput, minScore: number, classes: ClassChoice, into: Candidates): void;
  /** Whether any score at all is above zero: a model that was quantized badly has none. */
  hasScore(output: HeadOutput): boolean;
}
