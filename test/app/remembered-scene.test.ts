import { expect, it } from 'vitest';
import { RememberedScene } from '../../src/app/remembered-scene.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { RememberedObject } from '../../src/flow/scene-memory.ts';

const parked = (objectId: string, label: string): RememberedObject => ({
  objectId,
  label,
  boxPx: [0, 0, 10, 10],
  source: { widthPx: 100, heightPx: 100 },
  appearance: new Array<number>(192).fill(100),
  topScore: 0.9,
  startedAtMs: 1,
  lastSeenAtMs: 2,
  zones: { drive: { stayMs: 1_000, dwelled: true } },
  attributes: {},
});

const saved: Record<string, RememberedObject[]> = {
  front: [parked('car-1', 'car'), parked('ended', 'car'), parked('dog-1', 'dog')],
  back: [parked('bicycle-1', 'bicycle')],
  removed: [parked('car-2', 'car')],
};
const { cameras } = configSchema.parse({
  cameras: {
    front: { source: 'sim://scene', objects: { car: {} } },
    back: { source: 'sim://scene' },
  },
});

it('takes up what is saved, still open, and of a camera and label that are still configured', () => {
  const files = { load: (cameraId: string) => saved[cameraId] ?? [], save: () => true };
  const scene = new RememberedScene(files, cameras);
  const open = new Set(['car-1', 'dog-1', 'bicycle-1', 'car-2', 'never-saved']);
  expect(scene.load('front'), 'nothing before it is known what is open').toEqual([]);
  expect([...scene.takeUp(open)].sort()).toEqual(['bicycle-1', 'car-1']);
  expect(scene.load('front').map(({ objectId }) => objectId)).toEqual(['car-1']);
  expect(scene.load('back').map(({ objectId }) => objectId)).toEqual(['bicycle-1']);
  expect(scene.load('removed')).toEqual([]);
});
