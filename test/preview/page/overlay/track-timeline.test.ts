import { describe, expect, test } from 'vitest';
import { TrackTimeline } from '../../../../src/preview/page/overlay/track-timeline.ts';
import type { LiveTrack } from '../../../../src/preview/page/server/contract.ts';

const track = (objectId: string, x: number, more: Partial<LiveTrack> = {}): LiveTrack => ({
  objectId,
  label: 'person',
  score: 0.9,
  boxNorm: [x, 0.4, x + 0.1, 0.8],
  velocityNorm: [0.2, 0],
  stationary: false,
  zones: [],
  ...more,
});
const timelineOf = (...frames: [captureAtMs: number, ...tracks: LiveTrack[]][]) => {
  const timeline = new TrackTimeline();
  for (const [captureAtMs, ...tracks] of frames) timeline.add({ captureAtMs, tracks });
  return timeline;
};
const leftOf = (timeline: TrackTimeline, atMs: number) => timeline.at(atMs).map(({ boxNorm }) => boxNorm[0]);

describe('where the objects of a picture are', () => {
  test('exactly as its own frame says', () => {
    expect(timelineOf([1000, track('a', 0.1)], [1200, track('a', 0.5)]).at(1000)[0]?.boxNorm).toEqual([
      0.1, 0.4, 0.2, 0.8,
    ]);
  });

  test('between the frames around it, in proportion', () => {
    const [left] = leftOf(timelineOf([1000, track('a', 0.1)], [1200, track('a', 0.5)]), 1050);
    expect(left).toBeCloseTo(0.2);
  });

  test('along the velocity behind the last frame, and not for long', () => {
    const timeline = timelineOf([1000, track('a', 0.1)]);
    expect(leftOf(timeline, 1500)[0]).toBeCloseTo(0.2);
    expect(leftOf(timeline, 1700)).toEqual([]);
  });

  test('what stands still stays: motionless pictures are not looked at', () => {
    const timeline = timelineOf([1000, track('a', 0.1, { stationary: true })]);
    expect(leftOf(timeline, 5000)).toEqual([0.1]);
  });

  test('what is gone in the next frame is gone half way', () => {
    const timeline = timelineOf([1000, track('a', 0.1)], [1200]);
    expect(leftOf(timeline, 1050)).toHaveLength(1);
    expect(leftOf(timeline, 1150)).toEqual([]);
  });

  test('before the first frame nothing is known', () => {
    expect(timelineOf([1000, track('a', 0.1)]).at(900)).toEqual([]);
  });

  test('messages may come out of order, and twice', () => {
    const timeline = timelineOf([1200, track('a', 0.5)], [1000, track('a', 0.1)], [1000, track('a', 0.3)]);
    expect(leftOf(timeline, 1000)).toEqual([0.3]);
    expect(leftOf(timeline, 1200)).toEqual([0.5]);
  });

  test('a clock that is set back begins anew', () => {
    const timeline = timelineOf([100_000, track('a', 0.1)], [1000, track('a', 0.5)]);
    expect(leftOf(timeline, 1000)).toEqual([0.5]);
    expect(timeline.newest?.captureAtMs).toBe(1000);
  });

  test('a trail goes along the ground up to the picture and no further', () => {
    const timeline = timelineOf([1000, track('a', 0.1)], [1200, track('a', 0.3)], [1400, track('a', 0.5)]);
    const trail = timeline.trail('a', 1200, 4000);
    expect(trail.map(([x]) => x)).toEqual([expect.closeTo(0.15), expect.closeTo(0.35)]);
    expect(trail.map(([, y]) => y)).toEqual([0.8, 0.8]);
  });
});
