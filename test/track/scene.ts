import type { Detection } from '../../src/flow/detection.ts';
import type { BoxPx } from '../../src/flow/geometry.ts';
import type { Track, TrackUpdate } from '../../src/flow/track.ts';
import type { Tracker } from '../../src/track/tracker.ts';

/** A detection of a person, 40 x 100 px, with its top left corner at (leftPx, topPx). */
export function person(leftPx: number, topPx = 100, score = 0.9): Detection {
  return { label: 'person', classId: 0, score, boxPx: [leftPx, topPx, leftPx + 40, topPx + 100] };
}

export function car(leftPx: number, topPx = 100, score = 0.9): Detection {
  return { label: 'car', classId: 2, score, boxPx: [leftPx, topPx, leftPx + 40, topPx + 100] };
}

export function withBox(boxPx: BoxPx, score = 0.9): Detection {
  return { label: 'person', classId: 0, score, boxPx };
}

/** Feeds what `at` sees at each time and returns every update. */
export function play(
  tracker: Tracker,
  timesMs: readonly number[],
  at: (timeMs: number) => readonly Detection[],
): TrackUpdate[] {
  return timesMs.map((timeMs) => tracker.update(at(timeMs), timeMs));
}

/** `count` times, `stepMs` apart, from `startMs`. */
export function every(stepMs: number, count: number, startMs = 0): number[] {
  return Array.from({ length: count }, (_, index) => startMs + index * stepMs);
}

export function lastTracks(updates: readonly TrackUpdate[]): readonly Track[] {
  return updates.at(-1)!.tracks;
}
