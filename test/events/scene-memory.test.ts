import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BoxPx } from '../../src/flow/geometry.ts';
import { Scene, type Seen } from './scene.ts';

const place: BoxPx = [400, 200, 600, 320];
const car = (trackId: number, label = 'car'): Seen => ({ trackId, label, boxPx: place });

/** Luma of 64 cells with structure, seen with a gain and an offset. */
const picture = (seed: number, gain = 1, offset = 0) =>
  Array.from({ length: 64 }, (_, i) => gain * (60 + ((i * seed) % 97)) + offset);
const withCar = () => picture(37);
const empty = () => picture(53);

function parked(): Scene {
  const scene = new Scene();
  for (let atMs = 0; atMs < 6_000; atMs += 200) scene.frame(atMs, [car(1)], withCar);
  return scene;
}

describe('a parked car', () => {
  it('stays while the detector is blind and the picture of it unchanged, in any light', () => {
    const scene = parked();
    for (let atMs = 6_000; atMs < 3_600_000; atMs += 5_000) {
      scene.frame(atMs, [], () => picture(37, 0.3 + (atMs % 7) / 10, 5));
    }
    scene.frame(3_600_000, [car(9)], withCar);
    scene.frame(3_600_200, [car(9, 'truck')], withCar);
    expect(scene.types).toEqual(['object.started']);
  });

  it('ends when its place is seen empty', () => {
    const scene = parked();
    for (let atMs = 6_000; atMs < 60_000; atMs += 5_000) scene.frame(atMs, [], empty);
    expect(scene.types).toEqual(['object.started', 'object.ended']);
    expect(scene.of('object.ended')[0]?.onMs).toBeLessThanOrEqual(21_000);
  });

  it('stays while somebody stands before it', () => {
    const scene = parked();
    for (let atMs = 6_000; atMs < 60_000; atMs += 200) {
      scene.frame(atMs, [{ trackId: 2, boxPx: [450, 180, 520, 330] }], empty);
    }
    expect(scene.of('object.ended')).toEqual([]);
  });

  it('is not led away by a passer-by whom the tracker takes for it', () => {
    for (const isThere of [true, false]) {
      const scene = parked();
      // The passer-by hides it and goes on under its track; a moment later there is another track where it stood.
      for (let step = 1; step <= 10; step++) {
        const boxPx: BoxPx = [400 + 50 * step, 210, 600 + 50 * step, 330];
        const look = step < 5 ? () => picture(71) : isThere ? withCar : empty;
        scene.frame(
          6_000 + 200 * step,
          step < 4 ? [car(1)].map((seen) => ({ ...seen, boxPx })) : [{ ...car(1), boxPx }, car(7)],
          look,
        );
      }
      for (let atMs = 8_200; atMs < 20_000; atMs += 200)
        scene.frame(atMs, [car(7)], isThere ? withCar : empty);
      expect(
        scene.of('object.ended').some(({ draft }) => 'objectId' in draft && draft.objectId === 'object-1'),
      ).toBe(!isThere);
    }
  });

  it('is not ended by another look alone after the whole picture changed', () => {
    const scene = parked();
    scene.rules.sceneChanged();
    for (let atMs = 6_000; atMs < 300_000; atMs += 5_000) scene.frame(atMs, [], empty);
    expect(scene.types).toEqual(['object.started']);
    for (let atMs = 300_000; atMs < 700_000; atMs += 5_000) scene.frame(atMs, [], empty);
    expect(scene.types).toEqual(['object.started', 'object.ended']);
  });

  it('is not waited for by the inference, nor ended by a camera that comes back', () => {
    const scene = parked();
    expect(scene.rules.waiting.map(({ trackId }) => trackId)).toEqual([1]);
    expect(scene.rules.endAll('camera_lost', true)).toEqual([]);
    scene.frame(90_000, [car(1)], withCar);
    expect(scene.types).toEqual(['object.started']);
    expect(scene.rules.endAll('camera_lost')).toHaveLength(1);
  });

  it('goes over a restart silently, and ends as restarted where it is not found', () => {
    const objects = JSON.parse(JSON.stringify(parked().rules.memory()));
    for (const there of [true, false]) {
      const next = new Scene();
      next.rules.restore(objects);
      expect(next.rules.counts().byLabel.get('car')).toBe(1);
      for (let atMs = 100_000; atMs < 160_000; atMs += 5_000) {
        next.frame(atMs, there ? [car(1)] : [], there ? withCar : empty);
      }
      expect(next.told.map(({ draft }) => ('cause' in draft ? draft.cause : draft.type))).toEqual(
        there ? [] : ['restarted'],
      );
    }
  });
});

it('is told to have dwelled once, however often the daemon restarts, with what is known of it', () => {
  const zones = {
    drive: {
      polygon: [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ] as [number, number][],
      dwellMs: 30_000,
    },
  };
  const types: string[] = [];
  let objects: ReturnType<Scene['rules']['memory']> = [];
  // Each run has a clock of its own, and watches for 10 s; the third is past the 30 s.
  for (const clockMs of [0, 5_000_000, 1_000, 70_000]) {
    const scene = new Scene({ zones });
    scene.rules.restore(objects);
    for (let ms = 0; ms <= 12_000; ms += 200) scene.frame(clockMs + ms, [car(1)], withCar);
    if (clockMs === 0) {
      scene.rules.addAttributes('object-1', { colour: { value: 'red', score: 0.9 } });
    }
    objects = JSON.parse(JSON.stringify(scene.rules.memory()));
    types.push(...scene.types, 'restart');
  }
  expect(types).toEqual([
    ...['object.started', 'zone.entered', 'restart', 'restart'],
    ...['zone.dwelled', 'restart', 'restart'],
  ]);
  expect(objects).toMatchObject([
    { objectId: 'object-1', attributes: { colour: { value: 'red' } }, zones: { drive: { dwelled: true } } },
  ]);
});

it('starts once and ends once, whatever happens to the looks, and never while it is there', () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 50, max: 20_000 }),
    seen: fc.boolean(),
    hidden: fc.boolean(),
    gain: fc.double({ min: 0.2, max: 1.5, noNaN: true }),
    restart: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let scene = parked();
      const types: string[] = scene.told.splice(0).map(({ draft }) => draft.type);
      let atMs = 6_000;
      for (const [i, { afterMs, seen, hidden, gain, restart }] of steps.entries()) {
        atMs += afterMs;
        if (restart) {
          const objects = scene.rules.memory();
          scene = new Scene();
          scene.rules.restore(objects);
        }
        const passer: Seen = { trackId: 1_000 + i, score: 0.3, boxPx: [450, 180, 520, 330] };
        scene.frame(atMs, [...(seen ? [car(2 + i)] : []), ...(hidden ? [passer] : [])], () =>
          picture(hidden ? 53 : 37, gain),
        );
        types.push(...scene.told.splice(0).map(({ draft }) => draft.type));
      }
      expect(types.filter((type) => type === 'object.ended')).toEqual([]);
      for (let i = 1; i <= 6; i++) scene.frame(atMs + i * 5_000, [], empty);
      types.push(...scene.types);
      const lifeCycle = types.filter((type) => type === 'object.started' || type === 'object.ended');
      expect(lifeCycle).toEqual(['object.started', 'object.ended']);
    }),
    { numRuns: 200 },
  );
});
