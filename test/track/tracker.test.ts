import { describe, expect, it } from 'vitest';
import { Tracker } from '../../src/track/tracker.ts';
import { car, every, lastTracks, person, play, withBox } from './scene.ts';

describe('Tracker: the life of a track', () => {
  it('is tentative at first sight, confirmed by evidence, lost when unseen, ended after lostMs', () => {
    const tracker = new Tracker({ lostMs: 1_000 });
    const states = play(tracker, every(100, 4), () => [person(100)]).map(({ tracks }) => tracks[0]!.state);
    expect(states).toEqual(['tentative', 'confirmed', 'confirmed', 'confirmed']);
    expect(tracker.update([], 1_200).tracks[0]!.state).toBe('lost');
    expect(tracker.update([], 1_299).ended).toEqual([]);
    const { tracks, ended } = tracker.update([], 1_300);
    expect(tracks).toEqual([]);
    expect(ended).toMatchObject([{ trackId: 1, state: 'lost', hits: 4, lastSeenMonoMs: 300 }]);
  });

  it('wants more sightings of a doubtful object than of a clear one', () => {
    const sightings = (score: number) =>
      play(new Tracker(), every(100, 10), () => [person(100, 100, score)]).findIndex(
        ({ tracks }) => tracks[0]!.state === 'confirmed',
      ) + 1;
    expect(sightings(0.95)).toBe(2);
    expect(sightings(0.55)).toBe(3);
  });

  it('forgets what was seen once, after giving it the next frame', () => {
    const tracker = new Tracker();
    tracker.update([person(100)], 0);
    const { tracks, ended } = tracker.update([], 500);
    expect(tracks).toEqual([]);
    expect(ended).toMatchObject([{ state: 'tentative', hits: 1 }]);
  });

  it('reports scores, hits and times of what it saw', () => {
    const tracker = new Tracker();
    const scores = [0.7, 0.95, 0.6];
    const updates = play(tracker, every(100, 3, 50), (timeMs) => [
      person(100, 100, scores[(timeMs - 50) / 100]!),
    ]);
    expect(lastTracks(updates)).toMatchObject([
      {
        label: 'person',
        classId: 0,
        score: 0.6,
        topScore: 0.95,
        hits: 3,
        firstSeenMonoMs: 50,
        lastSeenMonoMs: 250,
      },
    ]);
  });

  it('never changes a track that it gave out', () => {
    const tracker = new Tracker();
    const [first] = play(tracker, [0], () => [person(100)]);
    const copy = structuredClone(first);
    play(tracker, every(100, 5, 100), (timeMs) => [person(100 + timeMs / 10)]);
    expect(first).toEqual(copy);
  });
});

describe('Tracker: association', () => {
  it('keeps two people apart who pass each other', () => {
    const tracker = new Tracker();
    const updates = play(tracker, every(50, 61), (timeMs) => [
      person(100 + timeMs / 10, 100),
      person(400 - timeMs / 10, 150),
    ]);
    const at = (index: number) =>
      new Map(updates[index]!.tracks.map((track) => [track.trackId, Math.round(track.boxPx[0] / 10) * 10]));
    expect(at(4)).toEqual(
      new Map([
        [1, 120],
        [2, 380],
      ]),
    );
    expect(at(60)).toEqual(
      new Map([
        [1, 400],
        [2, 100],
      ]),
    );
  });

  it('continues with a low score what began with high ones, and begins nothing with it', () => {
    const tracker = new Tracker();
    play(tracker, every(100, 3), () => [person(100)]);
    const { tracks } = tracker.update([person(100, 100, 0.3), person(400, 100, 0.3)], 300);
    expect(tracks).toMatchObject([{ trackId: 1, state: 'confirmed', score: 0.3 }]);
  });

  it('takes a person up again who comes out from behind something where the motion leads', () => {
    const tracker = new Tracker();
    const hidden = (timeMs: number) => timeMs > 1_000 && timeMs < 2_000;
    const updates = play(tracker, every(50, 60), (timeMs) =>
      hidden(timeMs) ? [] : [person(100 + timeMs / 20)],
    );
    expect(lastTracks(updates)).toMatchObject([{ trackId: 1, state: 'confirmed' }]);
  });

  it('takes an object up again at its old place when it stopped while nobody looked', () => {
    const tracker = new Tracker();
    play(tracker, every(50, 21), (timeMs) => [person(100 + timeMs / 4)]);
    tracker.update([], 1_050);
    tracker.update([], 1_100);
    expect(tracker.update([person(345)], 1_190).tracks).toMatchObject([{ trackId: 1, state: 'confirmed' }]);
  });

  it('does not learn the jump over a gap as a velocity', () => {
    const tracker = new Tracker();
    play(tracker, every(50, 21), () => [person(100)]);
    play(tracker, every(50, 10, 1_050), () => []);
    const [track] = tracker.update([person(115)], 1_600).tracks;
    expect(track).toMatchObject({ trackId: 1 });
    expect(Math.abs(track!.velocityPxPerS[0])).toBeLessThan(60);
  });

  it('does not let a track change its class, unless told so', () => {
    const seen = (timeMs: number) => [timeMs < 300 ? person(100) : car(100)];
    const strict = play(new Tracker(), every(100, 8), seen);
    expect(lastTracks(strict).map(({ trackId, label }) => [trackId, label])).toEqual([
      [1, 'person'],
      [2, 'car'],
    ]);
    const agnostic = play(new Tracker({ classAgnostic: true }), every(100, 8), seen);
    expect(lastTracks(agnostic)).toMatchObject([{ trackId: 1, label: 'car', classId: 2, hits: 8 }]);
  });

  it('begins one track where the detector gives two boxes for one object', () => {
    const tracker = new Tracker();
    const updates = play(tracker, every(100, 5), () => [person(100), person(103, 102, 0.7)]);
    expect(lastTracks(updates)).toHaveLength(1);
  });

  it('follows objects when the camera jerks', () => {
    const tracker = new Tracker();
    const crowd = (shiftPx: number) => [0, 60, 120, 180, 240].map((leftPx) => person(100 + leftPx + shiftPx));
    play(tracker, every(50, 10), () => crowd(0));
    const { tracks } = tracker.update(crowd(15), 500);
    expect(tracks.map(({ trackId }) => trackId)).toEqual([1, 2, 3, 4, 5]);
    expect(tracks.map(({ velocityPxPerS }) => Math.round(velocityPxPerS[0]))).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('Tracker: time, not frames', () => {
  const walk = (timeMs: number) => [person(100 + (60 * timeMs) / 1000)];

  it.each([
    [every(1000 / 30, 151), '30 frames per second'],
    [every(200, 26), '5 frames per second'],
    [
      every(50, 101).filter((_, index) => (index * 7) % 11 > 5 || index === 100),
      'half of the frames dropped',
    ],
  ])('finds the same velocity per second and place from %#: %s', (timesMs) => {
    const [track] = lastTracks(play(new Tracker(), timesMs, walk));
    expect(track!.trackId).toBe(1);
    expect(track!.velocityPxPerS[0]).toBeGreaterThan(50);
    expect(track!.velocityPxPerS[0]).toBeLessThan(64);
    expect(track!.boxPx[0]).toBeGreaterThan(100 + 60 * 5 - 5);
    expect(track!.boxPx[0]).toBeLessThan(100 + 60 * 5 + 5);
  });

  it('follows a slow object at 1 frame per second', () => {
    const updates = play(new Tracker({ lostMs: 5_000 }), every(1000, 20), (timeMs) => [
      person(100 + (15 * timeMs) / 1000),
    ]);
    expect(lastTracks(updates)).toMatchObject([{ trackId: 1, state: 'confirmed', hits: 20 }]);
  });

  it('ends tracks after the same time, whatever the frame rate', () => {
    const endMs = (stepMs: number) => {
      const tracker = new Tracker({ lostMs: 2_000 });
      play(tracker, every(100, 11), () => [person(100)]);
      return play(tracker, every(stepMs, 200, 1000 + stepMs), () => []).find(({ ended }) => ended.length > 0)!
        .atMonoMs;
    };
    expect(endMs(1000 / 50)).toBe(3_000);
    expect(endMs(500)).toBe(3_000);
    expect(endMs(1_000)).toBe(3_000);
  });

  it('predicts the same place whether time passes in one step or in many', () => {
    const predicted = (timesMs: readonly number[]) => {
      const tracker = new Tracker();
      play(tracker, every(50, 21), walk);
      return lastTracks(play(tracker, timesMs, () => []))[0]!.boxPx;
    };
    expect(predicted(every(50, 20, 1_050))).toEqual(predicted([2_000]));
  });

  it('takes an earlier time as no time passed', () => {
    const tracker = new Tracker();
    play(tracker, every(100, 5), walk);
    expect(tracker.update(walk(400), 250)).toMatchObject({ atMonoMs: 400, tracks: [{ trackId: 1 }] });
  });

  it('refuses a time that is none', () => {
    expect(() => new Tracker().update([], Number.NaN)).toThrow('the tracker was given the time NaN');
  });
});

describe('Tracker: bad detections', () => {
  it.each([
    [withBox([Number.NaN, 0, 10, 10]), 'a coordinate is not a number'],
    [withBox([0, 0, Number.POSITIVE_INFINITY, 10]), 'a coordinate is not finite'],
    [withBox([10, 0, 10, 10]), 'no width'],
    [withBox([10, 10, 0, 0]), 'corners swapped'],
    [withBox([0, 0, 10, 10], Number.NaN), 'the score is not a number'],
    [withBox([-1e200, -1e200, 1e200, 1e200]), 'an area beyond numbers'],
  ])('ignores %#: %s', (bad) => {
    const clean = new Tracker();
    const troubled = new Tracker();
    for (const timeMs of every(100, 20)) {
      const expected = clean.update([person(100 + timeMs / 20)], timeMs);
      expect(troubled.update([bad, person(100 + timeMs / 20), bad], timeMs)).toEqual(expected);
    }
  });
});
