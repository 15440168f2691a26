import type { BoxPx } from './geometry.ts';

/**
 * - `tentative`: seen, not yet believed
 * - `confirmed`: believed and matched in this update
 * - `lost`: believed, not matched in this update; its box is predicted
 */
export type TrackState = 'tentative' | 'confirmed' | 'lost';

/** One object followed through time, as it stands after one update. A value: the tracker never changes it later. */
export interface Track {
  /** Unique within one tracker's life, from 1, never used again. */
  readonly trackId: number;
  readonly label: string;
  readonly classId: number;
  readonly state: TrackState;
  /** Score of the matched detection, 0..1; while `lost`, of the last one matched. */
  readonly score: number;
  /** Best score so far, 0..1. */
  readonly topScore: number;
  /** Estimated box in source pixels. */
  readonly boxPx: BoxPx;
  /** Velocity of the box's centre, source pixels per second. */
  readonly velocityPxPerS: readonly [vx: number, vy: number];
  /** Detections matched so far. */
  readonly hits: number;
  /** Time of the first matched detection, on the frames' monotonic clock. */
  readonly firstSeenMonoMs: number;
  /** Time of the last matched detection, on the frames' monotonic clock. */
  readonly lastSeenMonoMs: number;
}

/** The outcome of one tracker update. */
export interface TrackUpdate {
  /** Time of the frame, monotonic. */
  readonly atMonoMs: number;
  /** Every live track: tentative, confirmed and lost. */
  readonly tracks: readonly Track[];
  /** Tracks that ended with this update (in their last state). */
  readonly ended: readonly Track[];
}
