import { describe, expect, test } from 'vitest';
import { cameraSchema } from '../../src/config/camera-schema.ts';
import type { EventDraft } from '../../src/flow/domain-event.ts';
import { personAt, Scene, type SceneRules } from './scene.ts';

type Point = [number, number];
const half = (fromX: number): Point[] => [
  [fromX, 0],
  [1, 0],
  [1, 1],
  [fromX, 1],
];
const zones = { drive: { polygon: half(0.5) } };

function apply(scene: Scene, { objects, zones, lines }: SceneRules): EventDraft[] {
  return scene.rules.apply(cameraSchema.parse({ source: 'sim://scene', objects, zones, lines }));
}

/** Somebody who stands in the right half, seen for a second. */
function standing(rules: SceneRules = { zones }): Scene {
  const scene = new Scene(rules);
  scene.play(0, 1_000, 10, () => [{ trackId: 1, boxPx: personAt(700, 300) }]);
  return scene;
}

const more = (scene: Scene, fromMs: number, toMs: number, x = 700) =>
  scene.play(fromMs, toMs, 10, () => [{ trackId: 1, boxPx: personAt(x, 300) }]);
const brief = (drafts: readonly EventDraft[]) =>
  drafts.map((draft) => [
    draft.type,
    'objectId' in draft ? draft.objectId : null,
    'zone' in draft ? draft.zone : null,
  ]);

describe('rules that change while somebody is there', () => {
  test('a new zone holds who stands in it, under the same id', () => {
    const scene = standing({});
    expect(apply(scene, { zones })).toEqual([]);
    more(scene, 1_000, 2_000);
    expect(brief(scene.told.map(({ draft }) => draft))).toEqual([
      ['object.started', 'object-1', null],
      ['zone.entered', 'object-1', 'drive'],
    ]);
    expect(scene.rules.counts().byZone.get('drive')?.get('person')).toBe(1);
  });

  test('a zone that goes is left', () => {
    const scene = standing();
    expect(brief(apply(scene, {}))).toEqual([['zone.left', 'object-1', 'drive']]);
    expect(scene.rules.counts().byZone.size).toBe(0);
    more(scene, 1_000, 2_000);
    expect(scene.types).toEqual(['object.started', 'zone.entered']);
  });

  test('a zone that is drawn anew is left and, where it still holds, entered', () => {
    const scene = standing();
    expect(brief(apply(scene, { zones: { drive: { polygon: half(0.6) } } }))).toEqual([
      ['zone.left', 'object-1', 'drive'],
    ]);
    more(scene, 1_000, 2_000);
    expect(scene.types).toEqual(['object.started', 'zone.entered', 'zone.entered']);
  });

  test('a zone that stays the same notices nothing', () => {
    const scene = standing();
    const lines = { gate: { from: [0, 0.1] as Point, to: [1, 0.1] as Point } };
    expect(apply(scene, { zones, lines, objects: { person: { minScore: 0.7 } } })).toEqual([]);
    more(scene, 1_000, 2_000);
    expect(scene.types).toEqual(['object.started', 'zone.entered']);
  });

  test('a label that is no longer reported ends its objects, in order', () => {
    const scene = standing();
    expect(brief(apply(scene, { zones, objects: { car: {} } }))).toEqual([
      ['zone.left', 'object-1', 'drive'],
      ['object.ended', 'object-1', null],
    ]);
    more(scene, 1_000, 3_000);
    expect(scene.types).toEqual(['object.started', 'zone.entered']);
    expect(scene.rules.liveObjects).toBe(0);
  });

  test('a candidate that entered a zone which is gone tells nothing of it when it is believed', () => {
    const scene = new Scene({ zones: { drive: { polygon: half(0.5), enterMs: 0 } } });
    scene.play(0, 200, 10, () => [{ trackId: 1, boxPx: personAt(700, 300), score: 0.4 }]);
    expect(scene.types).toEqual([]);
    apply(scene, {});
    more(scene, 200, 2_000);
    expect(scene.types).toEqual(['object.started']);
  });

  test('too many in a zone: told to be over when the rule goes, and not when another one changes', () => {
    const crowd = { crowd: { moreThan: 0 } };
    const scene = standing({ zones: { drive: { polygon: half(0.5), occupancy: crowd } } });
    expect(scene.types).toContain('zone.occupied');
    const lawn = { polygon: half(0.9) };
    expect(apply(scene, { zones: { drive: { polygon: half(0.5), occupancy: crowd }, lawn } })).toEqual([]);
    more(scene, 1_000, 1_500);
    expect(scene.of('zone.occupied')).toHaveLength(1);
    expect(brief(apply(scene, { zones }))).toEqual([
      ['zone.cleared', null, 'drive'],
      ['zone.left', 'object-1', 'drive'],
    ]);
  });
});
