import { type Clock, SystemClock } from '../base/clock.ts';
import type { Detection } from '../flow/detection.ts';
import { Tracker } from '../track/tracker.ts';

export interface TrackerSequence {
  /** Detections of each frame. */
  readonly frames: readonly (readonly Detection[])[];
  readonly fps: number;
}

export interface TrackerSpeed {
  /** Frames tracked while measuring. */
  readonly frames: number;
  readonly seconds: number;
  readonly framesPerSecond: number;
}

/** Long enough that the compiler's warm-up and the clock's resolution do not show. */
const MEASURE_MS = 1_000;

/** Frames per second that the tracker alone manages on one core, over whole sequences, after one pass to warm up. */
export function measureTrackerSpeed(
  sequences: readonly TrackerSequence[],
  clock: Clock = new SystemClock(),
): TrackerSpeed {
  const framesPerPass = sequences.reduce((total, sequence) => total + sequence.frames.length, 0);
  if (framesPerPass === 0) return { frames: 0, seconds: 0, framesPerSecond: 0 };
  trackAll(sequences);
  const startMs = clock.monoMs();
  let frames = 0;
  let elapsedMs = 0;
  while (elapsedMs < MEASURE_MS) {
    trackAll(sequences);
    frames += framesPerPass;
    elapsedMs = clock.monoMs() - startMs;
  }
  return { frames, seconds: elapsedMs / 1000, framesPerSecond: (frames * 1000) / elapsedMs };
}

function trackAll(sequences: readonly TrackerSequence[]): void {
  for (const { frames, fps } of sequences) {
    const tracker = new Tracker();
    frames.forEach((detections, index) => {
      tracker.update(detections, (index * 1000) / fps);
    });
  }
}
