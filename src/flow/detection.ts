import type { BoxPx } from './geometry.ts';

/** One object that the model saw in one frame. */
export interface Detection {
  /** Class name, as the model's labels say. */
  readonly label: string;
  /** Index of the class in the model's labels, from 0. */
  readonly classId: number;
  /** Confidence, 0..1. */
  readonly score: number;
  /** In pixels of the source picture (not of the frame that was inferred). */
  readonly boxPx: BoxPx;
}
