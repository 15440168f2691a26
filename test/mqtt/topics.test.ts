import { describe, expect, it } from 'vitest';
import { cameraSchema } from '../../src/config/camera-schema.ts';
import { leftoverCorrection } from '../../src/mqtt/leftovers.ts';
import { Topics } from '../../src/mqtt/topics.ts';

const topics = new Topics('porch');
const drive = {
  polygon: [
    [0, 0],
    [1, 0],
    [1, 1],
  ],
};

it('lays topics out as documented', () => {
  expect([
    topics.availability,
    topics.state,
    topics.cameraState('front'),
    topics.events('front'),
    topics.count('front', 'person'),
    topics.zoneCount('front', 'drive', 'traffic light'),
    topics.motion('front'),
    topics.tracks('front'),
    topics.outcome('front', 'fps'),
  ]).toEqual([
    'ocellus/porch/availability',
    'ocellus/porch/state',
    'ocellus/porch/cameras/front/state',
    'ocellus/porch/cameras/front/events',
    'ocellus/porch/cameras/front/counts/person',
    'ocellus/porch/cameras/front/zones/drive/counts/traffic light',
    'ocellus/porch/cameras/front/motion',
    'ocellus/porch/cameras/front/tracks',
    'ocellus/porch/cameras/front/fps',
  ]);
});

it('keeps a label of a model from adding levels or wildcards', () => {
  expect(topics.count('front', 'a/b+c#d')).toBe('ocellus/porch/cameras/front/counts/a_b_c_d');
});

it.each<[string, { cameraId: string; command: string } | undefined, string]>([
  ['ocellus/porch/cameras/front/set/fps', { cameraId: 'front', command: 'fps' }, 'a command'],
  ['ocellus/porch/cameras/front/set/fps/x', undefined, 'a level too many'],
  ['ocellus/porch/cameras/front/state', undefined, 'no command'],
  ['ocellus/other/cameras/front/set/fps', undefined, 'another device'],
])('takes %s apart: %j, %s', (topic, expected) => {
  expect(topics.parseCommand(topic)).toEqual(expected);
});

describe('leftoverCorrection', () => {
  const cameras = {
    front: cameraSchema.parse({
      source: 'sim://scene',
      objects: { person: {}, car: {} },
      zones: { drive: { ...drive, objects: ['car'] } },
    }),
    any: cameraSchema.parse({ source: 'sim://scene', zones: { drive } }),
    blind: cameraSchema.parse({ source: 'sim://scene', snapshots: { enabled: false } }),
  };

  it.each<[string, '' | '0' | undefined, string]>([
    ['front/counts/person', '0', 'still counted'],
    ['front/counts/dog', '', 'no longer reported'],
    ['any/counts/dog', '0', 'every label is reported'],
    ['front/zones/drive/counts/car', '0', 'still counted there'],
    ['front/zones/drive/counts/person', '', 'the zone is for cars'],
    ['front/zones/toString/counts/car', '', 'no such zone, whatever objects inherit'],
    ['old/counts/person', '', 'no such camera'],
    ['old/state', '', 'no such camera'],
    ['toString/state', '', 'no such camera, whatever objects inherit'],
    ['front/snapshot/car', undefined, 'the last best view stays'],
    ['front/snapshot/dog', '', 'no longer reported'],
    ['blind/snapshot/car', '', 'no views are published any more'],
    ['old/snapshot/car', '', 'no such camera'],
    ['front/state', undefined, 'the camera itself will tell'],
    ['front/a/b/c', undefined, 'not ours to judge'],
  ])('%s -> %j: %s', (tail, expected) => {
    expect(leftoverCorrection(topics, cameras, `ocellus/porch/cameras/${tail}`)).toBe(expected);
  });
});
