import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { EventSealer } from '../../src/events/event-sealer.ts';
import { UuidV7 } from '../../src/events/uuid-v7.ts';
import { domainEventSchema } from '../../src/flow/domain-event.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { personAt, Scene, START_AT_MS } from './scene.ts';

const there = personAt(500, 300);

describe('confirmation by evidence', () => {
  it.each([
    {
      fps: 30,
      score: 0.9,
      fromMs: 30,
      toMs: 70,
      reason: 'frames in quick succession repeat each other: 3 frames',
    },
    { fps: 10, score: 0.9, fromMs: 100, toMs: 100, reason: '2 frames' },
    { fps: 1, score: 0.9, fromMs: 1000, toMs: 1000, reason: '2 frames; one alone is never enough' },
    { fps: 10, score: 0.4, fromMs: 900, toMs: 1900, reason: 'a low score needs long' },
    { fps: 30, score: 0.4, fromMs: 600, toMs: 1900, reason: 'and no less for more frames a second' },
  ])('at $fps fps and scores of $score within $fromMs..$toMs ms: $reason', ({ fps, score, fromMs, toMs }) => {
    const scene = new Scene();
    scene.play(0, 4000, fps, () => [{ trackId: 1, score, boxPx: there }]);
    const [started, ...others] = scene.of('object.started');
    expect(others).toEqual([]);
    expect(started?.onMs).toBeGreaterThanOrEqual(fromMs);
    expect(started?.onMs).toBeLessThanOrEqual(toMs);
    expect(started?.draft.startedAtMs).toBe(START_AT_MS);
    expect(started?.draft.atMs).toBe(START_AT_MS);
    expect(started?.draft.timings.captureAtMs).toBe(Math.round(START_AT_MS + (started?.onMs ?? 0)));
  });

  it.each([1, 5, 10, 30])('never believes a box that flickers, at %i fps', (fps) => {
    const scene = new Scene();
    scene.play(0, 300_000, fps, (_, i) => (i % 4 === 0 ? [{ trackId: i, score: 0.6, boxPx: there }] : []));
    scene.end();
    expect(scene.types).toEqual([]);
  });

  it('never believes what stays below the minimum score of its label', () => {
    const scene = new Scene({ objects: { person: { minScore: 0.7 } } });
    scene.play(0, 60_000, 10, () => [{ trackId: 1, score: 0.69, boxPx: there }]);
    expect(scene.types).toEqual([]);
  });

  it('reports the labels that are asked for, or all when none is', () => {
    const seen = () => [
      { trackId: 1, label: 'person', boxPx: there },
      { trackId: 2, label: 'car', boxPx: personAt(100, 300) },
    ];
    const some = new Scene({ objects: { car: {} } });
    const all = new Scene();
    for (const scene of [some, all]) scene.play(0, 1000, 10, seen);
    expect(some.of('object.started').map(({ draft }) => draft.label)).toEqual(['car']);
    expect(all.of('object.started').map(({ draft }) => draft.label)).toEqual(['person', 'car']);
  });
});

describe('an object outlives its tracks', () => {
  it('goes on with a new track that appears where it was', () => {
    const scene = new Scene({}, 500);
    scene.play(0, 2000, 10, () => [{ trackId: 1, boxPx: there }]);
    scene.play(2000, 4000, 10, () => []);
    scene.play(4000, 6000, 10, () => [{ trackId: 2, boxPx: personAt(520, 305) }]);
    scene.end();
    expect(scene.types).toEqual(['object.started', 'object.ended']);
  });

  it('is another one when it appears too far away', () => {
    const scene = new Scene({}, 500);
    scene.play(0, 2000, 10, () => [{ trackId: 1, boxPx: there }]);
    scene.play(2000, 4000, 10, () => [{ trackId: 2, boxPx: personAt(900, 300) }]);
    expect(scene.of('object.started')).toHaveLength(2);
  });

  it('is one object while half of it and all of it are seen as two', () => {
    const scene = new Scene();
    scene.play(0, 1500, 10, () => [
      { trackId: 1, boxPx: there },
      { trackId: 2, score: 0.7, boxPx: [there[0], there[1], there[2], there[1] + 70] },
    ]);
    scene.play(1500, 3000, 10, () => [{ trackId: 2, boxPx: there }]);
    scene.end();
    expect(scene.types).toEqual(['object.started', 'object.ended']);
  });
});

describe('the end', () => {
  const walkOut = (scene: Scene) =>
    scene.play(0, 2000, 10, (atMs) => [
      { trackId: 1, boxPx: personAt(570 + atMs / 5, 300), velocityPxPerS: [200, 0] },
    ]);

  it('is told soon after an object walked out of the picture, as of its last sighting', () => {
    const scene = new Scene();
    walkOut(scene);
    scene.play(2000, 5000, 10, () => []);
    const [ended] = scene.of('object.ended');
    expect(ended?.onMs).toBe(2500);
    expect(ended?.draft).toMatchObject({ cause: 'gone', atMs: START_AT_MS + 1900, objectId: 'object-1' });
  });

  it('does not come twice for what flickers at the edge after that', () => {
    const scene = new Scene();
    walkOut(scene);
    scene.play(2000, 2800, 10, () => []);
    scene.play(2800, 3100, 10, () => [{ trackId: 2, score: 0.6, boxPx: personAt(970, 300) }]);
    scene.play(3100, 8000, 10, () => []);
    expect(scene.types).toEqual(['object.started', 'object.ended']);
  });

  it('waits longer for one that vanished in the middle', () => {
    const scene = new Scene({ lostMs: 3000 });
    scene.play(0, 2000, 10, () => [{ trackId: 1, boxPx: there }]);
    scene.play(2000, 8000, 10, () => []);
    const [ended] = scene.of('object.ended');
    expect(ended?.onMs).toBe(4900);
    expect(ended?.draft.atMs).toBe(START_AT_MS + 1900);
  });

  it('is told for every object when the camera is lost', () => {
    const scene = new Scene();
    scene.play(0, 1000, 10, () => [{ trackId: 1, boxPx: there }]);
    expect(scene.rules.liveObjects).toBe(1);
    expect(scene.rules.endAll('camera_lost')).toMatchObject([
      { type: 'object.ended', cause: 'camera_lost', atMs: START_AT_MS + 900 },
    ]);
    expect(scene.rules.liveObjects).toBe(0);
    expect(scene.rules.endAll('camera_lost')).toEqual([]);
  });
});

it('reports an object as updated when it comes to rest, and not otherwise', () => {
  const scene = new Scene();
  scene.play(0, 60_000, 10, (_, i) => [{ trackId: 1, boxPx: personAt(500 + (i % 3), 300) }]);
  expect(scene.of('object.updated').map(({ onMs, draft }) => [onMs, draft.stationary])).toEqual([
    [3000, true],
  ]);
});

it('starts once and ends once per object, with valid events, whatever tracks do', () => {
  const seen = fc.record({
    trackId: fc.integer({ min: 1, max: 6 }),
    score: fc.double({ min: 0.1, max: 1, noNaN: true }),
    label: fc.constantFrom('person', 'car'),
    boxPx: fc
      .tuple(fc.integer({ min: -50, max: 1050 }), fc.integer({ min: 50, max: 600 }))
      .map(([x, y]) => personAt(x, y)),
    velocityPxPerS: fc.tuple(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -500, max: 500 })),
  });
  const frame = fc.record({
    afterMs: fc.integer({ min: 1, max: 1500 }),
    seen: fc.uniqueArray(seen, { maxLength: 4, selector: ({ trackId }) => trackId }),
  });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 60 }), (frames) => {
      const scene = new Scene({
        zones: {
          left: {
            polygon: [
              [0, 0],
              [0.5, 0],
              [0.5, 1],
              [0, 1],
            ],
            dwellMs: 1000,
            occupancy: { any: { moreThan: 0, forMs: 500 }, many: { moreThan: 1 } },
          },
        },
        lines: { middle: { from: [0.5, 0], to: [0.5, 1] } },
      });
      let atMs = 0;
      for (const { afterMs, seen } of frames) {
        atMs += afterMs;
        scene.frame(atMs, seen);
      }
      scene.end();
      const random = seededRandom(1);
      const bytes = (size: number) => Uint8Array.from({ length: size }, () => Math.floor(random() * 256));
      const sealer = new EventSealer('porch', new FakeClock(), new UuidV7(bytes));
      const live = new Map<string, Set<string>>();
      const over = new Set<string>();
      const occupied = new Set<string>();
      let seq = 0;
      for (const { draft } of scene.told) {
        seq += 1;
        const event = sealer.seal(draft, seq);
        domainEventSchema.parse(event);
        if (event.type === 'zone.occupied' || event.type === 'zone.cleared') {
          expect(occupied.has(event.rule), event.type).toBe(event.type === 'zone.cleared');
          if (event.type === 'zone.occupied') occupied.add(event.rule);
          else occupied.delete(event.rule);
          continue;
        }
        if (!('objectId' in event)) throw new Error('rules tell of objects and zones only');
        if (event.type === 'object.started') {
          expect(live.has(event.objectId) || over.has(event.objectId)).toBe(false);
          live.set(event.objectId, new Set());
          continue;
        }
        const zones = live.get(event.objectId);
        expect(zones, `${event.type} of an object that is not live`).toBeDefined();
        if (event.type === 'zone.entered') {
          expect(zones?.has(event.zone)).toBe(false);
          zones?.add(event.zone);
        }
        if (event.type === 'zone.left') expect(zones?.delete(event.zone)).toBe(true);
        if (event.type === 'object.ended') {
          expect(zones?.size).toBe(0);
          live.delete(event.objectId);
          over.add(event.objectId);
        }
      }
      expect(live.size).toBe(0);
      expect(occupied.size).toBe(0);
    }),
    { numRuns: 300 },
  );
});
