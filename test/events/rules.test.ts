import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { objectSchema, scheduleSchema } from '../../src/config/camera-schema.ts';
import { Homography, type Point } from '../../src/events/homography.ts';
import { Schedule } from '../../src/events/schedule.ts';
import { domainEventSchema } from '../../src/flow/domain-event.ts';
import { personAt, Scene, START_AT_MS } from './scene.ts';

const everywhere: [number, number][] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

describe('filters of a label', () => {
  // The box of personAt is 60 x 150 px of 1000 x 500: a share of 0.018, an aspect of 0.4.
  it.each([
    { filter: { minArea: 0.017 }, believed: true },
    { filter: { minArea: 0.019 }, believed: false },
    { filter: { maxArea: 0.019 }, believed: true },
    { filter: { maxArea: 0.017 }, believed: false },
    { filter: { minAspect: 0.39 }, believed: true },
    { filter: { minAspect: 0.41 }, believed: false },
    { filter: { maxAspect: 0.41 }, believed: true },
    { filter: { maxAspect: 0.39 }, believed: false },
  ])('$filter: believed $believed', ({ filter, believed }) => {
    const scene = new Scene({ objects: { person: filter } });
    scene.play(0, 3000, 10, () => [{ trackId: 1, boxPx: personAt(500, 300) }]);
    expect(scene.of('object.started')).toHaveLength(believed ? 1 : 0);
  });

  const leftHalf: [number, number][] = [
    [0, 0],
    [0.5, 0],
    [0.5, 1],
    [0, 1],
  ];

  it('do not end an object that stops passing them', () => {
    const scene = new Scene({ objects: { person: { masks: [leftHalf], maxAspect: 0.5 } } });
    scene.play(0, 2000, 10, () => [{ trackId: 1, boxPx: personAt(600, 300) }]);
    // It bends down behind the mask and stays there.
    scene.play(2000, 12_000, 10, () => [{ trackId: 1, boxPx: [370, 250, 450, 300] }]);
    expect(scene.types).toEqual(['object.started']);
  });

  it('let an object begin where it leaves the mask', () => {
    const scene = new Scene({ objects: { person: { masks: [leftHalf] } } });
    scene.play(0, 4000, 10, (atMs) => [{ trackId: 1, boxPx: personAt(400 + atMs / 20, 300) }]);
    expect(scene.of('object.started')[0]?.draft.atMs).toBe(START_AT_MS + 2000);
  });

  it('believe nothing that keeps below the minimum speed, however its box trembles, and then its last seconds', () => {
    const scene = new Scene({ objects: { car: { minSpeed: 0.5 } } });
    const car = (x: number) => [{ trackId: 1, label: 'car', boxPx: [x, 300, x + 100, 400] as const }];
    scene.play(0, 60_000, 10, (_, i) => car(500 + (i % 3) * 2));
    expect(scene.types).toEqual([]);
    // 100 px/s: one length a second.
    scene.play(60_000, 62_000, 10, (atMs) => car(500 + (atMs - 60_000) / 10));
    const [started] = scene.of('object.started');
    expect(started?.onMs).toBeLessThanOrEqual(60_600);
    expect(started?.draft.atMs).toBeGreaterThan(START_AT_MS + 56_000);
    scene.play(62_000, 90_000, 10, () => car(700));
    expect(scene.types).toEqual(['object.started']);
  });
});

describe('schedules', () => {
  const berlin = (from: string, to: string, days?: ('sat' | 'sun' | 'mon')[]) =>
    new Schedule(scheduleSchema.parse({ timeZone: 'Europe/Berlin', from, to, days }));
  const open = (schedule: Schedule, iso: string) => schedule.isOpen(Date.parse(iso));

  it.each([
    ['2026-01-10T21:59:00+01:00', false, 'a minute before it begins'],
    ['2026-01-10T22:00:00+01:00', true, 'a Saturday'],
    ['2026-01-11T05:59:59+01:00', true, 'Sunday morning belongs to Saturday'],
    ['2026-01-11T06:00:00+01:00', false, 'its end is not part of it'],
    ['2026-01-11T22:30:00+01:00', false, 'a Sunday'],
    ['2026-01-10T05:00:00+01:00', false, 'Saturday morning belongs to Friday'],
  ])('over midnight, on Saturdays: %s is open: %s (%s)', (iso, expected) => {
    expect(open(berlin('22:00', '06:00', ['sat']), iso)).toBe(expected);
  });

  it('last a day when they end as they begin', () => {
    const schedule = berlin('12:00', '12:00', ['sat']);
    expect(open(schedule, '2026-01-10T11:59:00+01:00')).toBe(false);
    expect(open(schedule, '2026-01-10T12:00:00+01:00')).toBe(true);
    expect(open(schedule, '2026-01-11T11:59:00+01:00')).toBe(true);
    expect(open(schedule, '2026-01-11T12:00:00+01:00')).toBe(false);
  });

  // On 2026-03-29 the clocks of Berlin go from 02:00 (+01:00) to 03:00 (+02:00).
  it('begin after the hour that the clock skips when they were to begin within it', () => {
    const schedule = berlin('02:30', '04:00');
    expect(open(schedule, '2026-03-29T01:59:00+01:00')).toBe(false);
    expect(open(schedule, '2026-03-29T03:00:00+02:00')).toBe(true);
    expect(open(schedule, '2026-03-29T04:00:00+02:00')).toBe(false);
    expect(open(berlin('02:10', '02:50'), '2026-03-29T03:00:00+02:00')).toBe(false);
  });

  // On 2026-10-25 they go from 03:00 (+02:00) back to 02:00 (+01:00).
  it('hold in both hours that the clock shows twice', () => {
    const schedule = berlin('02:00', '02:30');
    expect(open(schedule, '2026-10-25T02:15:00+02:00')).toBe(true);
    expect(open(schedule, '2026-10-25T02:45:00+02:00')).toBe(false);
    expect(open(schedule, '2026-10-25T02:15:00+01:00')).toBe(true);
    expect(open(schedule, '2026-10-25T02:45:00+01:00')).toBe(false);
  });

  it('start and end objects by the time of the pictures', () => {
    // START_AT_MS is 2023-11-14T22:13:20Z.
    const schedule = { timeZone: 'UTC', from: '22:14', to: '22:15' };
    const scene = new Scene({ objects: { person: { schedule } } });
    scene.play(0, 180_000, 2, () => [{ trackId: 1, boxPx: personAt(500, 300) }]);
    const [started] = scene.of('object.started');
    const [ended] = scene.of('object.ended');
    expect(scene.types).toEqual(['object.started', 'object.ended']);
    expect(started?.draft.atMs).toBe(Date.parse('2023-11-14T22:14:00Z'));
    expect(ended?.draft).toMatchObject({ cause: 'stopped' });
    expect(ended?.onMs).toBe(100_000);
  });
});

describe('occupancy', () => {
  const rule = (occupancy: object) => ({
    zones: { queue: { polygon: everywhere, enterMs: 0, occupancy: { long: { moreThan: 2, ...occupancy } } } },
  });
  const people = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ trackId: i + 1, boxPx: personAt(100 + 150 * i, 300) }));

  it('is told once there were too many for so long without a break, and when there are not any more', () => {
    const scene = new Scene({ lostMs: 500, ...rule({ forMs: 5000 }) });
    scene.play(0, 3000, 10, () => people(3));
    scene.play(3000, 6000, 10, () => people(2));
    expect(scene.of('zone.occupied')).toEqual([]);
    scene.play(6000, 20_000, 10, () => people(4));
    scene.play(20_000, 22_000, 10, () => people(1));
    const [occupied, ...more] = scene.of('zone.occupied');
    const [cleared, ...others] = scene.of('zone.cleared');
    expect([more, others]).toEqual([[], []]);
    expect(occupied).toMatchObject({
      onMs: 11_100,
      draft: { zone: 'queue', rule: 'long', count: 4, moreThan: 2, severity: 'alert' },
    });
    // People 3 and 4 are believed in the second frame.
    expect(occupied?.draft.sinceMs).toBe(START_AT_MS + 6100);
    expect(occupied?.draft.atMs).toBe(START_AT_MS + 11_100);
    expect(cleared?.onMs).toBe(20_400);
    expect(cleared?.draft).toMatchObject({ count: 1, sinceMs: START_AT_MS + 20_400 });
    for (const told of [occupied, cleared]) {
      domainEventSchema.parse({
        ...told?.draft,
        v: 1,
        seq: 1,
        eventId: '017f22e2-79b0-7000-8000-000000000000',
        deviceId: 'porch',
        replayed: false,
      });
    }
  });

  it('counts the labels that it is for', () => {
    const scene = new Scene(rule({ objects: ['car'], moreThan: 0, severity: 'detection' }));
    scene.play(0, 1000, 10, () => people(3));
    expect(scene.of('zone.occupied')).toEqual([]);
    scene.play(1000, 2000, 10, () => [{ trackId: 9, label: 'car', boxPx: personAt(800, 400) }]);
    expect(scene.of('zone.occupied')[0]?.draft).toMatchObject({ count: 1, severity: 'detection' });
  });

  it('is cleared when nobody is watched any more', () => {
    const scene = new Scene(rule({}));
    scene.end();
    expect(scene.types).toEqual([]);
    scene.play(0, 1000, 10, () => people(3));
    scene.end();
    scene.end();
    expect(scene.types.slice(-4)).toEqual(['object.ended', 'zone.left', 'object.ended', 'zone.cleared']);
    expect(scene.of('zone.cleared')).toHaveLength(1);
  });
});

describe('speed over the ground', () => {
  it('maps four points to four others and everything between as a camera sees it', () => {
    const camera = ([x, y]: Point): Point => [(x + 2) / (0.1 * y + 1), (3 - 0.5 * y) / (0.1 * y + 1)];
    const metres: Point[] = [
      [0, 0],
      [4, 0],
      [4, 20],
      [0, 20],
    ];
    const ground = Homography.of(metres.map(camera), metres);
    fc.assert(
      fc.property(
        fc.double({ min: -5, max: 9, noNaN: true }),
        fc.double({ min: 0, max: 40, noNaN: true }),
        (x, y) => {
          const [u, v] = ground?.map(camera([x, y])) ?? [Number.NaN, Number.NaN];
          expect(u).toBeCloseTo(x, 6);
          expect(v).toBeCloseTo(y, 6);
        },
      ),
    );
    // The horizon of this camera is at v = -5.
    expect(ground?.map([0, -6])).toBeUndefined();
    expect(
      Homography.of(metres, [
        [0, 0],
        [1, 1],
        [2, 2],
        [0, 3],
      ]),
    ).toBeUndefined();
  });

  const zones = {
    road: {
      polygon: [
        [0, 0.5],
        [1, 0.5],
        [1, 0.9],
        [0, 0.9],
      ] as [number, number][],
      // 1000 px are 20 m across, 500 px are 10 m deep: a view from straight above.
      ground: everywhere.map(([x, y]) => ({
        at: [x, y] as [number, number],
        metres: [20 * x, 10 * y] as [number, number],
      })),
    },
  };

  it.each([
    { pxPerS: 100, mPerS: 2 },
    { pxPerS: 0, mPerS: 0 },
  ])('is $mPerS m/s at $pxPerS px/s, smoothed, and unknown outside the zone', ({ pxPerS, mPerS }) => {
    const scene = new Scene({ zones });
    const jitter = (i: number) => [1, -1, 0, 2, -2][i % 5]!;
    scene.play(0, 2000, 10, (_, i) => [{ trackId: 1, boxPx: personAt(200 + jitter(i), 200) }]);
    scene.play(2000, 6000, 10, (atMs, i) => [
      { trackId: 1, boxPx: personAt(200 + ((atMs - 2000) / 1000) * pxPerS + jitter(i), 350) },
    ]);
    scene.play(6000, 7000, 10, () => [{ trackId: 1, boxPx: personAt(200 + 4 * pxPerS, 200) }]);
    expect(scene.of('object.started')[0]?.draft.speedMPerS).toBeNull();
    scene.end();
    expect(scene.of('zone.left')[0]?.draft.speedMPerS).toBeNull();
    const moving = new Scene({ zones });
    moving.play(0, 4000, 10, (atMs, i) => [
      { trackId: 1, boxPx: personAt(200 + (atMs / 1000) * pxPerS + jitter(i), 350) },
    ]);
    moving.end();
    expect(Math.abs((moving.of('zone.left')[0]?.draft.speedMPerS ?? -9) - mPerS)).toBeLessThan(0.1);
  });
});

it('filters have defaults that let everything pass', () => {
  const scene = new Scene({ objects: { person: objectSchema.parse({}) } });
  scene.play(0, 1000, 10, () => [{ trackId: 1, boxPx: [-50, -50, 1050, 550] }]);
  expect(scene.of('object.started')).toHaveLength(1);
});
