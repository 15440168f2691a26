import type { Detection } from '../flow/detection.ts';
import type { Frame } from '../flow/frame.ts';

/** Where the time of one inference went, ms on the monotonic clock. */
export interface InferenceTimings {
  readonly preprocessMs: number;
  readonly runMs: number;
  readonly decodeMs: number;
}

export interface InferenceResult {
  /** Above the model's score threshold, after NMS, in source pixels, best score first. */
  readonly detections: readonly Detection[];
  readonly timings: InferenceTimings;
}

/** A loaded detector: one session, one frame at a time. The scheduler holds as many as may run at once. */
export interface FrameDetector {
  /** Does not take over the frame: the caller releases it. @throws OcellusError `inference_failed`, `inference_timeout` */
  detect(frame: Frame): Promise<InferenceResult>;
  /** Ends a run in progress and frees the model. Idempotent. */
  close(deadlineMs: number): Promise<void>;
}
