import type { FrameTimes } from '../flow/frame.ts';
import type { BoxPx, SizePx } from '../flow/geometry.ts';

/** What the rules need to know of the frame that a tracker update is about. */
export interface FrameFacts {
  /** Size of the camera's own picture: boxes are in its pixels. */
  readonly source: SizePx;
  readonly times: FrameTimes;
  /** When its detections were known, ms since the epoch. */
  readonly inferredAtMs: number;
}

/** One object, detected in one frame. */
export interface Sighting {
  readonly monoMs: number;
  readonly frame: FrameFacts;
  /** 0..1 */
  readonly score: number;
  readonly boxPx: BoxPx;
  readonly velocityPxPerS: readonly [vx: number, vy: number];
}

/** The middle of a box, source pixels. */
export function centrePx(box: BoxPx): readonly [x: number, y: number] {
  return [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
}

/** Side of the square of the same area, at least 1 px: the measure for distances that should not depend on range. */
export function extentPx(box: BoxPx): number {
  return Math.sqrt(Math.max(1, (box[2] - box[0]) * (box[3] - box[1])));
}
