import { describe, expect, it } from 'vitest';
import { APPEARANCE_LENGTH, type AppearanceAt } from '../../src/flow/scene-memory.ts';
import { personAt, Scene, type Seen, START_AT_MS } from './scene.ts';

const walker = (trackId: number, x: number, vx: number, y = 300): Seen => ({
  trackId,
  boxPx: personAt(x, y),
  velocityPxPerS: [vx, 0],
});

describe('one who walks the other way', () => {
  it.each([
    { vx: -80, believed: 2, reason: 'is another one, although the two hide each other' },
    { vx: 80, believed: 1, reason: 'but what goes along is a second view of the same one' },
  ])('$reason', ({ vx, believed }) => {
    const scene = new Scene();
    scene.play(0, 1000, 10, (atMs) => [walker(1, 400 + 0.08 * atMs, 80)]);
    scene.play(1000, 1400, 10, (atMs) => [
      walker(1, 400 + 0.08 * atMs, 80),
      walker(2, 480 + (vx / 1000) * (atMs - 1000), vx, 305),
    ]);
    expect(scene.of('object.started')).toHaveLength(believed);
  });

  it.each([
    { vx: -100, onMs: 3100, reason: 'is believed at once where another has walked out' },
    { vx: 100, onMs: undefined, reason: 'but what goes the same way may be the last of that one' },
  ])('$reason', ({ vx, onMs }) => {
    const scene = new Scene();
    scene.play(0, 2000, 10, (atMs) => [walker(1, 570 + 0.2 * atMs, 200)]);
    scene.play(2000, 3000, 10, () => []);
    scene.play(3000, 3400, 10, (atMs) => [walker(2, 960 + (vx / 1000) * (atMs - 3000), vx)]);
    const [, second] = scene.of('object.started');
    expect(second?.onMs).toBe(onMs);
  });
});

it('goes on with one that was seen once only and may be as fast as a car', () => {
  const scene = new Scene();
  const car = (trackId: number, x: number): Seen => ({
    trackId,
    label: 'car',
    boxPx: [x, 200, x + 200, 250],
  });
  scene.frame(0, [car(1, 100)]);
  scene.frame(200, []);
  scene.frame(400, []);
  scene.frame(600, [car(2, 260)]);
  scene.frame(800, [{ ...car(2, 310), velocityPxPerS: [260, 0] }]);
  const [started] = scene.of('object.started');
  expect(started?.draft.atMs).toBe(START_AT_MS);
});

describe('a track whose colours change', () => {
  const plain = (value: number): AppearanceAt => {
    const look = new Array<number>(APPEARANCE_LENGTH).fill(value);
    return () => look;
  };

  it('stays with its object in the middle of the picture, where something may hide a part', () => {
    const scene = new Scene();
    for (let atMs = 0; atMs < 3000; atMs += 200) {
      const hidden = atMs > 1500;
      scene.frame(atMs, [walker(1, (hidden ? 430 : 400) + 0.08 * atMs, 80)], plain(hidden ? 160 : 60));
    }
    scene.end();
    expect(scene.types).toEqual(['object.started', 'object.ended']);
  });

  it('is another one who comes in where the object walked out', () => {
    const scene = new Scene();
    for (let atMs = 0; atMs < 2000; atMs += 200) {
      scene.frame(atMs, [walker(1, 605 + 0.2 * atMs, 200)], plain(60));
    }
    for (let atMs = 2000; atMs < 4000; atMs += 200) {
      scene.frame(atMs, [walker(1, 965 - 0.1 * (atMs - 2000), -100)], plain(160));
    }
    expect(scene.of('object.started').map(({ draft }) => draft.atMs)).toEqual([
      START_AT_MS,
      START_AT_MS + 2000,
    ]);
    expect(scene.of('object.ended').map(({ draft }) => draft.atMs)).toEqual([START_AT_MS + 1800]);
  });
});
