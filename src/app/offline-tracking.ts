import type { Clock } from '../base/clock.ts';
import { createFrameSource } from '../capture/open-source.ts';
import { captureSchema } from '../config/camera-schema.ts';
import type { Frame } from '../flow/frame.ts';
import { i420Bytes } from '../flow/frame.ts';
import { FramePool } from '../flow/frame-pool.ts';
import type { TrackUpdate } from '../flow/track.ts';
import type { Detector } from '../infer/detector.ts';
import { thresholdsFor } from '../track/options.ts';
import { Tracker } from '../track/tracker.ts';

export interface OfflineTrackingOptions {
  /** A source as in the configuration. */
  readonly source: string;
  /** Folder that relative file names start from. */
  readonly baseDir: string;
  readonly detector: Detector;
  /** Pictures per second at most. */
  readonly fps: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called for every frame, in order. */
  readonly onUpdate: (frame: Frame, update: TrackUpdate) => void;
}

/**
 * Tracks every frame of a source, one after the other: the source waits for the inference, nothing is dropped, and the
 * outcome is the same on a slow machine.
 * @returns the number of frames
 * @throws OcellusError when the source or the inference fails; an `AbortError` when `signal` aborts
 */
export async function trackSource(options: OfflineTrackingOptions): Promise<number> {
  const { detector, clock, signal, onUpdate } = options;
  const { widthPx, heightPx, minScore } = { ...detector.model.input, ...detector.model };
  const source = createFrameSource({
    cameraId: 'offline',
    source: options.source,
    capture: captureSchema.parse({}),
    detect: { widthPx, heightPx, fps: options.fps },
    pool: new FramePool(3, i420Bytes(widthPx, heightPx)),
    clock,
    baseDir: options.baseDir,
  });
  const tracker = new Tracker(thresholdsFor(minScore));
  let frames = 0;
  await source.run(
    {
      opened() {},
      dropped() {},
      frame: async (frame) => {
        try {
          const { detections } = await detector.detect(frame);
          frames += 1;
          onUpdate(frame, tracker.update(detections, frame.times.captureMonoMs));
        } finally {
          frame.release();
        }
      },
    },
    signal,
  );
  return frames;
}
