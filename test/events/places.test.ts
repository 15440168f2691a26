import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { personAt, Scene, START_AT_MS } from './scene.ts';

type Point = [number, number];
const rightHalf: Point[] = [
  [0.5, 0],
  [1, 0],
  [1, 1],
  [0.5, 1],
];
const zones = { drive: { polygon: rightHalf } };
/** Across the whole picture at y = 300 px, looking to the right. */
const lines = { gate: { from: [0, 0.6] as Point, to: [1, 0.6] as Point } };

describe('zones', () => {
  it('are entered and left once, however the anchor trembles on the border', () => {
    const scene = new Scene({ zones });
    scene.play(0, 2000, 10, () => [{ trackId: 1, boxPx: personAt(400, 300) }]);
    scene.play(2000, 6000, 10, (_, i) => [{ trackId: 1, boxPx: personAt(i % 2 === 0 ? 497 : 503, 300) }]);
    expect(scene.types).toEqual(['object.started']);
    scene.play(6000, 8000, 10, () => [{ trackId: 1, boxPx: personAt(560, 300) }]);
    scene.play(8000, 12_000, 10, (_, i) => [{ trackId: 1, boxPx: personAt(i % 2 === 0 ? 497 : 503, 300) }]);
    scene.play(12_000, 14_000, 10, () => [{ trackId: 1, boxPx: personAt(400, 300) }]);
    expect(scene.types).toEqual(['object.started', 'zone.entered', 'zone.left']);
  });

  it('hold an object that starts in them, and let go of one that ends in them', () => {
    const scene = new Scene({ zones: { drive: { polygon: rightHalf, enterMs: 100 } } });
    scene.play(0, 1000, 10, () => [{ trackId: 1, boxPx: personAt(700, 300) }]);
    expect(scene.of('object.started')[0]?.draft.zones).toEqual(['drive']);
    scene.end();
    expect(scene.types).toEqual(['object.started', 'zone.entered', 'zone.left', 'object.ended']);
  });

  it.each([
    { anchor: 'bottom', inside: true },
    { anchor: 'centre', inside: true },
    { anchor: 'top', inside: false },
  ] as const)('look at the $anchor of the box when told so', ({ anchor, inside }) => {
    const lower = [
      [0, 0.4],
      [1, 0.4],
      [1, 1],
      [0, 1],
    ] as Point[];
    const scene = new Scene({ zones: { drive: { polygon: lower, anchor } } });
    scene.play(0, 1000, 10, () => [{ trackId: 1, boxPx: personAt(500, 300) }]);
    expect(scene.of('zone.entered')).toHaveLength(inside ? 1 : 0);
  });

  it('hold somebody whose feet the edge of the picture cuts off', () => {
    const scene = new Scene({
      zones: {
        front: {
          polygon: [
            [0, 0.9],
            [1, 0.9],
            [1, 1],
            [0, 1],
          ],
        },
      },
    });
    scene.play(0, 2000, 10, () => [{ trackId: 1, boxPx: personAt(500, 400) }]);
    scene.play(2000, 4000, 10, (_, i) => [{ trackId: 1, boxPx: personAt(500, 500 + (i % 2)) }]);
    expect(scene.types).toEqual(['object.started', 'zone.entered']);
  });

  it.each([
    { marginPx: 20, x: 515, entered: 0 },
    { marginPx: 20, x: 525, entered: 1 },
    { marginPx: 0, x: 501, entered: 1 },
  ])('are entered $marginPx px beyond the border', ({ marginPx, x, entered }) => {
    const scene = new Scene({ zones: { drive: { polygon: rightHalf, marginPx } } });
    scene.play(0, 1000, 10, () => [{ trackId: 1, boxPx: personAt(400, 300) }]);
    scene.play(1000, 3000, 10, () => [{ trackId: 1, boxPx: personAt(x, 300) }]);
    expect(scene.of('zone.entered')).toHaveLength(entered);
  });

  it('are entered and left after the times that they ask for', () => {
    const scene = new Scene({
      zones: { drive: { polygon: rightHalf, enterMs: 2000, leaveMs: 1000, dwellMs: 2500 } },
    });
    scene.play(0, 1000, 10, () => [{ trackId: 1, boxPx: personAt(400, 300) }]);
    scene.play(1000, 2900, 10, () => [{ trackId: 1, boxPx: personAt(700, 300) }]);
    scene.play(2900, 4000, 10, () => [{ trackId: 1, boxPx: personAt(400, 300) }]);
    expect(scene.types).toEqual(['object.started']);
    scene.play(4000, 7000, 10, () => [{ trackId: 1, boxPx: personAt(700, 300) }]);
    scene.play(7000, 9000, 10, () => [{ trackId: 1, boxPx: personAt(400, 300) }]);
    const inZones = scene.told.filter(({ draft }) => draft.type.startsWith('zone.'));
    expect(inZones.map(({ onMs, draft }) => [onMs, draft.type])).toEqual([
      [6000, 'zone.entered'],
      [6500, 'zone.dwelled'],
      [8000, 'zone.left'],
    ]);
    // The stay began when it stepped in, not when that was believed.
    expect(scene.of('zone.dwelled')[0]?.draft.dwellMs).toBe(2500);
  });

  it('do not take the absence of an object for a stay', () => {
    const scene = new Scene({ zones: { drive: { polygon: rightHalf, dwellMs: 3000 } } });
    scene.play(0, 2000, 10, () => [{ trackId: 1, boxPx: personAt(700, 300) }]);
    scene.play(2000, 9000, 10, () => []);
    expect(scene.of('zone.dwelled')).toEqual([]);
  });

  it('overlap, each with a severity of its own', () => {
    const scene = new Scene({
      objects: { person: { severity: 'alert' } },
      zones: { drive: { polygon: rightHalf }, right: { polygon: rightHalf, severity: 'alert' } },
      lines: { gate: { from: [0, 0.6], to: [1, 0.6], severity: 'alert' } },
    });
    scene.play(0, 3000, 10, (atMs) => [{ trackId: 1, boxPx: personAt(700, 250 + atMs / 20) }]);
    scene.end();
    const told = scene.told.map(({ draft }) => [
      draft.type,
      'zone' in draft ? draft.zone : '',
      draft.severity,
    ]);
    expect(told).toEqual([
      ['object.started', '', 'alert'],
      ['zone.entered', 'drive', 'detection'],
      ['zone.entered', 'right', 'alert'],
      ['line.crossed', '', 'alert'],
      ['object.updated', '', 'alert'],
      ['zone.left', 'drive', 'detection'],
      ['zone.left', 'right', 'alert'],
      ['object.ended', '', 'alert'],
    ]);
  });

  it('that a candidate was in are told once it is believed, as of then', () => {
    const scene = new Scene({ zones: { drive: { polygon: rightHalf } } });
    scene.play(0, 700, 10, () => [{ trackId: 1, score: 0.45, boxPx: personAt(700, 300) }]);
    scene.play(700, 3000, 10, () => [{ trackId: 1, score: 0.45, boxPx: personAt(640, 300) }]);
    const [entered] = scene.of('zone.entered');
    expect(scene.types).toEqual(['object.started', 'zone.entered']);
    expect(entered?.onMs).toBeGreaterThan(400);
    expect(entered?.draft.atMs).toBe(START_AT_MS + 300);
  });

  it.each([1, 5, 30])('tell of dwelling once, by time and not by frames, at %i fps', (fps) => {
    const scene = new Scene({ zones: { drive: { polygon: rightHalf, dwellMs: 5000 } } });
    scene.play(0, 20_000, fps, () => [{ trackId: 1, boxPx: personAt(700, 300) }]);
    const [dwelled, ...more] = scene.of('zone.dwelled');
    expect(more).toEqual([]);
    expect(dwelled?.onMs).toBeGreaterThanOrEqual(5000);
    expect(dwelled?.onMs).toBeLessThanOrEqual(5000 + 1000 / fps);
  });

  it('count only the labels that they are for', () => {
    const scene = new Scene({ zones: { drive: { polygon: rightHalf, objects: ['car'] } } });
    scene.play(0, 1000, 10, () => [
      { trackId: 1, boxPx: personAt(700, 300) },
      { trackId: 2, label: 'car', boxPx: personAt(900, 300) },
    ]);
    const { byLabel, byZone } = scene.rules.counts();
    expect(byLabel).toEqual(
      new Map([
        ['car', 1],
        ['person', 1],
      ]),
    );
    expect(byZone).toEqual(new Map([['drive', new Map([['car', 1]])]]));
  });

  it('and labels that are configured are counted from the start, with 0, and after the last has gone', () => {
    const scene = new Scene({ zones, objects: { person: {} } });
    const nobody = {
      byLabel: new Map([['person', 0]]),
      byZone: new Map([['drive', new Map([['person', 0]])]]),
    };
    expect(scene.rules.counts()).toEqual(nobody);
    scene.play(0, 1000, 10, () => [{ trackId: 1, boxPx: personAt(700, 300) }]);
    expect(scene.rules.counts().byZone.get('drive')?.get('person')).toBe(1);
    scene.play(1000, 9000, 10, () => []);
    expect(scene.rules.counts()).toEqual(nobody);
  });
});

describe('lines', () => {
  it.each([
    {
      fromY: 200,
      toY: 400,
      direction: 'forward',
      reason: 'down the picture: left to right of who looks right',
    },
    { fromY: 400, toY: 200, direction: 'backward', reason: 'up the picture' },
  ])('are crossed $direction, $reason', ({ fromY, toY, direction }) => {
    const scene = new Scene({ lines });
    scene.play(0, 3000, 10, (atMs) => [
      { trackId: 1, boxPx: personAt(500, fromY + ((toY - fromY) * atMs) / 3000) },
    ]);
    const crossings = scene.of('line.crossed');
    expect(crossings).toHaveLength(1);
    expect(crossings[0]?.draft).toMatchObject({ line: 'gate', direction, objectId: 'object-1' });
  });

  it('are not crossed beside their ends', () => {
    const scene = new Scene({ lines: { gate: { from: [0.7, 0.6], to: [1, 0.6] } } });
    scene.play(0, 3000, 10, (atMs) => [{ trackId: 1, boxPx: personAt(500, 200 + atMs / 15) }]);
    expect(scene.of('line.crossed')).toEqual([]);
  });

  it('are crossed by fast objects too: told once these are believed, as of the crossing', () => {
    const scene = new Scene({ lines });
    scene.play(0, 1000, 10, (_, i) => [{ trackId: 1, score: 0.6, boxPx: personAt(500, 280 + 30 * i) }]);
    expect(scene.types).toEqual(['object.started', 'line.crossed']);
    expect(scene.of('line.crossed')[0]?.draft.atMs).toBe(START_AT_MS + 100);
    expect(scene.of('object.started')[0]?.draft.atMs).toBe(START_AT_MS);
    expect(scene.of('object.started')[0]?.onMs).toBeGreaterThan(100);
  });

  it('are not crossed by what is never believed', () => {
    const scene = new Scene({ lines });
    scene.play(0, 100, 20, (_, i) => [{ trackId: 1, score: 0.4, boxPx: personAt(500, 200 + 200 * i) }]);
    scene.play(100, 5000, 20, () => []);
    expect(scene.types).toEqual([]);
  });

  it('are crossed once per pass, whatever jitter does', () => {
    const jitter = fc.array(fc.double({ min: -2.9, max: 2.9, noNaN: true }), {
      minLength: 40,
      maxLength: 40,
    });
    fc.assert(
      fc.property(jitter, fc.integer({ min: 1, max: 4 }), (noise, passes) => {
        const scene = new Scene({ lines });
        let atMs = 0;
        let y = 200;
        const see = (to: number, dy: number) => {
          y = to;
          scene.frame(atMs, [{ trackId: 1, boxPx: personAt(500, y + dy) }]);
          atMs += 100;
        };
        for (let i = 0; i < 5; i++) see(200, 0);
        for (let pass = 0; pass < passes; pass++) {
          const target = y < 300 ? 400 : 200;
          // It lingers on the line, trembling by up to the margin to either side, before it goes on.
          for (const dy of noise) see(300, 2 * dy * 0.99);
          see(target, 0);
        }
        scene.end();
        expect(scene.of('line.crossed')).toHaveLength(passes);
      }),
      { numRuns: 100 },
    );
  });

  it('are crossed once per pass, whatever trembles, is missed, and comes at odd times', () => {
    // Below the margin, 4 % of the height of 150 px.
    const tremble = fc.double({ min: -5.9, max: 5.9, noNaN: true });
    const look = fc.record({ afterMs: fc.integer({ min: 20, max: 450 }), dx: tremble, dy: tremble });
    const pass = fc.record({
      /** Frames on the line before it goes on, how far beyond it goes, and what is seen of it there. */
      lingering: fc.array(look, { maxLength: 12 }),
      beyondPx: fc.integer({ min: 20, max: 140 }),
      there: fc.array(look, { minLength: 1, maxLength: 8 }),
      /** Unseen for so long on the way, and perhaps another track afterwards. */
      unseenMs: fc.integer({ min: 0, max: 1_500 }),
      newTrack: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(pass, { maxLength: 6 }),
        fc.infiniteStream(fc.double({ max: 0.999, min: 0 })),
        (passes, dice) => {
          const scene = new Scene({ lines });
          let [atMs, trackId, side, missedInARow] = [0, 1, -1, 0];
          const see = (
            y: number,
            { afterMs, dx, dy }: { afterMs: number; dx: number; dy: number },
            sure = false,
          ) => {
            atMs += afterMs;
            const missed: boolean = !sure && missedInARow < 2 && dice.next().value < 0.3;
            missedInARow = missed ? missedInARow + 1 : 0;
            scene.frame(atMs, missed ? [] : [{ trackId, boxPx: personAt(500 + dx, y + dy) }]);
          };
          for (let i = 0; i < 6; i++) see(260, { afterMs: 100, dx: 0, dy: 0 }, true);
          for (const { lingering, beyondPx, there, unseenMs, newTrack } of passes) {
            for (const each of lingering) see(300, each);
            side = -side;
            const [first, ...others] = there;
            atMs += unseenMs;
            if (newTrack) trackId += 1;
            // Another track must be within reach of where the object was.
            const reachPx = newTrack ? Math.min(50, beyondPx) : beyondPx;
            see(300 + side * reachPx, first!, true);
            // And it takes a moment until the object goes on with it.
            if (newTrack) see(300 + side * reachPx, { afterMs: 400, dx: 0, dy: 0 }, true);
            for (const each of others) see(300 + side * reachPx, each);
            // Back to near the line, from where it goes on.
            see(300 + side * 20, { afterMs: 100, dx: 0, dy: 0 }, true);
          }
          // What a new track shows is told when it is known to be the same object.
          for (let i = 0; i < 8; i++) see(300 + side * 20, { afterMs: 100, dx: 0, dy: 0 }, true);
          scene.end();
          expect(scene.of('object.started')).toHaveLength(1);
          const directions = scene.of('line.crossed').map(({ draft }) => draft.direction);
          expect(directions).toEqual(passes.map((_, i) => (i % 2 === 0 ? 'forward' : 'backward')));
        },
      ),
      { numRuns: 300 },
    );
  });
});
