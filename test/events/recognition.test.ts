import { describe, expect, it, test } from 'vitest';
import { EmbeddingLooks, similarity } from '../../src/events/embedding.ts';
import type { BoxPx } from '../../src/flow/geometry.ts';
import { personAt, Scene, type Seen } from './scene.ts';

/** Unit vectors: two views of one person, and another person. */
const ANN = [1, 0, 0, 0];
const ANN_AGAIN = [0.8, 0.6, 0, 0];
const BOB = [0, 0, 1, 0];

const recognition = { labels: ['person'], minSimilarity: 0.6 };
const place: BoxPx = [400, 200, 600, 320];
const picture = () => Array.from({ length: 64 }, (_, i) => 60 + ((i * 37) % 97));

/** Frames at 5 fps in which the model, where there is one, tells a look of everybody whom it is asked about. */
function play(
  scene: Scene,
  fromMs: number,
  toMs: number,
  seen: readonly Seen[],
  look?: readonly number[],
): number {
  let asked = 0;
  for (let atMs = fromMs; atMs < toMs; atMs += 200) {
    scene.frame(atMs, seen, picture);
    for (const { looks } of scene.rules.worthALook()) {
      if (!looks.wants(1, atMs)) continue;
      asked += 1;
      looks.looking(atMs);
      if (look === undefined) looks.notLooked();
      else looks.add(look, 1);
    }
  }
  return asked;
}

const at = (trackId: number, x: number): Seen => ({ trackId, boxPx: personAt(x, 300) });
const inPlace = (trackId: number): Seen => ({ trackId, boxPx: place });

describe('somebody who comes up where another was lost', () => {
  test.each([
    ['looks the same and is', ANN_AGAIN, ['object.started']],
    ['looks different and is another', BOB, ['object.started', 'object.started']],
    ['is taken for the same by place and time where no look comes', undefined, ['object.started']],
  ])('%s', (_why, look, types) => {
    const scene = new Scene({ recognition }, 1_000);
    play(scene, 0, 2_000, [at(1, 500)], ANN);
    play(scene, 2_000, 3_600, []);
    play(scene, 3_600, 5_600, [at(2, 520)], look);
    expect(scene.types.filter((type) => type === 'object.started')).toEqual(types);
    expect(scene.rules.seenObjects().map(({ objectId }) => objectId)).toEqual([
      types.length === 1 ? 'object-1' : 'object-2',
    ]);
  });

  it('is not looked at after a break so short that only the tracker can have caused it', () => {
    const scene = new Scene({ recognition }, 200);
    play(scene, 0, 2_000, [at(1, 500)], ANN);
    play(scene, 2_000, 2_400, []);
    play(scene, 2_400, 4_000, [at(2, 510)], BOB);
    expect(scene.types).toEqual(['object.started']);
  });
});

it('candidates that can be nobody who was lost are not looked at, and objects only a few times', () => {
  const scene = new Scene({ recognition });
  scene.frame(0, [at(1, 500)]);
  expect(scene.rules.worthALook()).toEqual([]);
  expect(play(scene, 200, 60_000, [at(1, 500)], ANN)).toBe(6);
  expect(new Scene().rules.worthALook()).toEqual([]);
});

it('a label that the model does not know is not looked at', () => {
  const scene = new Scene({ recognition });
  expect(play(scene, 0, 5_000, [{ ...at(1, 500), label: 'car' }], ANN)).toBe(0);
});

describe('a place where somebody sat', () => {
  function seated(): Scene {
    const scene = new Scene({ recognition });
    play(scene, 0, 6_000, [inPlace(1)], ANN);
    play(scene, 6_000, 12_000, []);
    return scene;
  }

  it('is taken by somebody else: one ends, another starts', () => {
    const scene = seated();
    play(scene, 12_000, 16_000, [inPlace(2)], BOB);
    expect(scene.types).toEqual(['object.started', 'object.ended', 'object.started']);
    expect(scene.rules.counts().byLabel.get('person')).toBe(1);
  });

  it('has the same in it again', () => {
    const scene = seated();
    play(scene, 12_000, 16_000, [inPlace(2)], ANN_AGAIN);
    expect(scene.types).toEqual(['object.started']);
  });

  it('is not given up because looks differ after the whole picture changed', () => {
    const scene = seated();
    scene.rules.sceneChanged();
    play(scene, 12_000, 16_000, [inPlace(2)], BOB);
    expect(scene.types).toEqual(['object.started']);
  });

  it.each([
    ['the same', ANN_AGAIN, []],
    ['another', BOB, ['object.ended', 'object.started']],
    ['somebody seen by another model', [1, 0], []],
  ])('holds %s after a restart', (_who, look, types) => {
    const objects = JSON.parse(JSON.stringify(seated().rules.memory()));
    expect(objects[0].embedding).toEqual(ANN);
    const next = new Scene({ recognition, newObjectId: () => 'new' });
    next.rules.restore(objects);
    play(next, 100_000, 104_000, [inPlace(2)], look);
    expect(next.types).toEqual(types);
  });
});

describe('looks', () => {
  it('are averaged by how good the views were', () => {
    const looks = new EmbeddingLooks();
    expect(looks.mean).toBeUndefined();
    looks.add([1, 0], 1);
    looks.add([0, 1], 1);
    expect(looks.mean).toEqual([Math.SQRT1_2, Math.SQRT1_2].map((value) => expect.closeTo(value, 9)));
    looks.add([1, 0], 8);
    expect(similarity(looks.mean, [1, 0])).toBeGreaterThan(0.99);
  });

  it('are asked for a few times, and then for better views only', () => {
    const looks = new EmbeddingLooks();
    let monoMs = 0;
    for (; looks.wants(0.5, monoMs); monoMs += 400) {
      expect(looks.wants(0.5, monoMs - 100)).toBe(monoMs === 0);
      looks.looking(monoMs);
      looks.add([1, 0], 0.5);
    }
    expect(monoMs).toBe(2_400);
    expect(looks.wants(0.6, monoMs)).toBe(false);
    expect(looks.wants(0.7, monoMs)).toBe(true);
    expect(looks.wants(0, monoMs)).toBe(false);
  });

  it('of two models cannot be compared', () => {
    expect(similarity([1, 0], [1, 0, 0])).toBeUndefined();
    expect(similarity(undefined, [1, 0])).toBeUndefined();
  });
});
