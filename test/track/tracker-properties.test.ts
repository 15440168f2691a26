import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Detection } from '../../src/flow/detection.ts';
import { Tracker } from '../../src/track/tracker.ts';

interface Step {
  readonly afterMs: number;
  readonly detections: readonly Detection[];
}

const coordinate = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: -50, max: 700 }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1e300) },
);

const detection: fc.Arbitrary<Detection> = fc
  .record({
    x: coordinate,
    y: coordinate,
    width: fc.integer({ min: -5, max: 200 }),
    height: fc.integer({ min: -5, max: 200 }),
    score: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0.5, 0.9, Number.NaN)),
    classId: fc.nat(2),
  })
  .map(({ x, y, width, height, score, classId }) => ({
    label: `class ${classId}`,
    classId,
    score,
    boxPx: [x, y, x + width, y + height],
  }));

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constantFrom(0, 33, 1_000), fc.integer({ min: -10, max: 5_000 })),
    detections: fc.array(detection, { maxLength: 8 }),
  }),
  { maxLength: 40 },
);

const MAX_TRACKS = 6;

function runSteps(sequence: readonly Step[], classAgnostic: boolean) {
  const tracker = new Tracker({ maxTracks: MAX_TRACKS, classAgnostic });
  let nowMs = 0;
  return sequence.map(({ afterMs, detections }) => {
    nowMs += afterMs;
    return tracker.update(detections, nowMs);
  });
}

/** Checks `holds` on what the tracker makes of arbitrary detections at arbitrary times. */
function always(holds: (sequence: readonly Step[], classAgnostic: boolean) => void): void {
  fc.assert(fc.property(steps, fc.boolean(), holds), { numRuns: 200, seed: 7 });
}

describe('Tracker: always', () => {
  it('gives the same tracks for the same input', () => {
    always((sequence, classAgnostic) => {
      expect(runSteps(sequence, classAgnostic)).toEqual(runSteps(sequence, classAgnostic));
    });
  });

  it('gives every track an id of its own, from 1 without holes, and never the same again', () => {
    always((sequence, classAgnostic) => {
      const gone = new Set<number>();
      let highest = 0;
      for (const { tracks, ended } of runSteps(sequence, classAgnostic)) {
        for (const { trackId } of ended) {
          expect(gone.has(trackId)).toBe(false);
          gone.add(trackId);
        }
        const ids = tracks.map(({ trackId }) => trackId);
        expect(new Set(ids).size).toBe(ids.length);
        for (const id of ids) {
          expect(gone.has(id)).toBe(false);
          if (id <= highest) continue;
          expect(id).toBe(highest + 1);
          highest = id;
        }
      }
    });
  });

  it('holds no more tracks than it may, and ends every track that it drops', () => {
    always((sequence, classAgnostic) => {
      let alive = new Set<number>();
      for (const { tracks, ended } of runSteps(sequence, classAgnostic)) {
        expect(tracks.length).toBeLessThanOrEqual(MAX_TRACKS);
        const now = new Set(tracks.map(({ trackId }) => trackId));
        const endedIds = new Set(ended.map(({ trackId }) => trackId));
        for (const id of alive) expect(now.has(id) || endedIds.has(id)).toBe(true);
        for (const id of endedIds) expect(now.has(id)).toBe(false);
        alive = now;
      }
    });
  });

  it('gives finite boxes with an area, finite velocities and scores in 0..1', () => {
    always((sequence, classAgnostic) => {
      for (const { tracks, ended } of runSteps(sequence, classAgnostic)) {
        for (const { boxPx, velocityPxPerS, score, topScore, hits } of [...tracks, ...ended]) {
          expect([...boxPx, ...velocityPxPerS].every(Number.isFinite)).toBe(true);
          expect(boxPx[2]).toBeGreaterThan(boxPx[0]);
          expect(boxPx[3]).toBeGreaterThan(boxPx[1]);
          expect(score).toBeLessThanOrEqual(topScore);
          expect(topScore).toBeLessThanOrEqual(1);
          expect(hits).toBeGreaterThanOrEqual(1);
        }
      }
    });
  });

  it('uses a detection for one track at most', () => {
    always((sequence, classAgnostic) => {
      const hitsOf = new Map<number, number>();
      runSteps(sequence, classAgnostic).forEach(({ tracks, ended }, index) => {
        let used = 0;
        for (const { trackId, hits } of [...tracks, ...ended]) {
          used += hits - (hitsOf.get(trackId) ?? 0);
          hitsOf.set(trackId, hits);
        }
        expect(used).toBeLessThanOrEqual(sequence[index]!.detections.length);
      });
    });
  });
});
