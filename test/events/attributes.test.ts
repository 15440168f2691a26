import { expect, it } from 'vitest';
import { personAt, Scene } from './scene.ts';

const standing = () => [{ trackId: 1, boxPx: personAt(500, 300) }];
const vest = (value: string, score = 0.9) => ({ vest: { value, score } });

it('attributes are on every event of the object from when they are known', () => {
  const scene = new Scene();
  scene.play(0, 2_000, 5, standing);
  expect(scene.rules.seenObjects()).toMatchObject([
    {
      objectId: 'object-1',
      label: 'person',
      startedAtMs: 1_700_000_000_000,
      score: 0.9,
      boxPx: personAt(500, 300),
    },
  ]);
  scene.rules.addAttributes('object-1', vest('yes'));
  scene.play(2_000, 10_000, 5, standing);
  scene.end();
  expect(scene.of('object.started')[0]?.draft.attributes).toEqual({});
  expect(scene.of('object.ended')[0]?.draft.attributes).toEqual(vest('yes'));
});

it('a value that changed is told, a score that drifted is not', () => {
  const scene = new Scene();
  // Long enough to be stationary, which is told, and for the least time between updates to be over.
  scene.play(0, 20_000, 5, standing);
  const before = scene.of('object.updated').length;
  scene.rules.addAttributes('object-1', vest('yes', 0.8));
  scene.play(20_000, 30_000, 5, standing);
  scene.rules.addAttributes('object-1', vest('yes', 0.9));
  scene.play(30_000, 40_000, 5, standing);
  scene.rules.addAttributes('object-1', vest('no', 0.7));
  scene.play(40_000, 50_000, 5, standing);
  const updates = scene.of('object.updated').slice(before);
  expect(updates.map(({ draft }) => draft.attributes)).toEqual([vest('yes', 0.8), vest('no', 0.7)]);
  expect(updates.map(({ onMs }) => onMs)).toEqual([20_000, 40_000]);
});

it('what comes too late for an object that has ended is ignored', () => {
  const scene = new Scene();
  scene.play(0, 2_000, 5, standing);
  scene.end();
  scene.rules.addAttributes('object-1', vest('yes'));
  expect(scene.rules.seenObjects()).toEqual([]);
});

it('an object that is not in the newest frame is not looked at', () => {
  const scene = new Scene();
  scene.play(0, 2_000, 5, standing);
  scene.frame(2_000, []);
  expect(scene.rules.liveObjects).toBe(1);
  expect(scene.rules.seenObjects()).toEqual([]);
});
