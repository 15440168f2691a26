import { describe, expect, it } from 'vitest';
import { crossings, lifetimes, zoneVisits } from '../../../src/capture/sim/ground-truth.ts';
import { lightSwitches } from '../../../src/capture/sim/light.ts';
import { Scene, type SceneOptions, type TruthObject } from '../../../src/capture/sim/scene.ts';
import { i420Bytes } from '../../../src/flow/frame.ts';

const SIZE = { widthPx: 416, heightPx: 234 };

function draw(options: Partial<SceneOptions>, tMs: number, size = SIZE): Uint8Array {
  const data = new Uint8Array(i420Bytes(size.widthPx, size.heightPx));
  new Scene(options).draw(tMs, { ...size, data });
  return data;
}

function meanLuma(data: Uint8Array): number {
  const luma = data.subarray(0, SIZE.widthPx * SIZE.heightPx);
  return luma.reduce((sum, value) => sum + value, 0) / luma.length;
}

describe('what is drawn', () => {
  it('depends on the seed and the time alone, not on what was drawn before', () => {
    const scene = new Scene({ seed: 7 });
    const data = new Uint8Array(i420Bytes(SIZE.widthPx, SIZE.heightPx));
    for (const tMs of [60_000, 3_000, 31_000]) scene.draw(tMs, { ...SIZE, data });
    expect(Buffer.compare(data, draw({ seed: 7 }, 31_000))).toBe(0);
    expect(Buffer.compare(data, draw({ seed: 8 }, 31_000))).not.toBe(0);
    expect(Buffer.compare(data, draw({ seed: 7 }, 31_040))).not.toBe(0);
  });

  it.each([
    [{ widthPx: 64, heightPx: 36 }, 'small'],
    [{ widthPx: 321, heightPx: 181 }, 'odd sides, whose chroma rounds up'],
  ])('fills a picture of %o and nothing behind it (%s)', (size) => {
    const bytes = i420Bytes(size.widthPx, size.heightPx);
    const guarded = new Uint8Array(bytes + 16).fill(77);
    new Scene({ seed: 3 }).draw(20_000, { ...size, data: guarded.subarray(0, bytes) });
    expect([...guarded.subarray(bytes)]).toEqual(Array(16).fill(77));
    expect(new Set(guarded.subarray(0, bytes)).size).toBeGreaterThan(20);
  });

  it('shows each object where the truth says: pixels differ from the empty street there, and not in the sky', () => {
    const still = { seed: 5, noise: 0, light: 'steady' } as const;
    const scene = new Scene(still);
    const empty = draw({ ...still, ratePerMinute: 0 }, 0);
    for (const tMs of [24_000, 37_000, 58_000]) {
      const picture = draw(still, tMs);
      const scale = SIZE.widthPx / 1280;
      const objects = scene.truthAt(tMs).filter((object) => object.visibleFraction > 0.5);
      expect(objects.length).toBeGreaterThan(0);
      for (const { boxPx } of objects) {
        const [x1, y1, x2, y2] = boxPx.map((value) => Math.round(value * scale)) as [
          number,
          number,
          number,
          number,
        ];
        let changed = 0;
        for (let y = Math.max(0, y1); y < Math.min(SIZE.heightPx, y2); y++) {
          for (let x = Math.max(0, x1); x < Math.min(SIZE.widthPx, x2); x++) {
            const i = y * SIZE.widthPx + x;
            if (Math.abs(picture[i]! - empty[i]!) > 4) changed += 1;
          }
        }
        expect(changed).toBeGreaterThan(0.1 * (x2 - x1) * (y2 - y1));
      }
      const sky = SIZE.widthPx * 30;
      expect(Buffer.compare(picture.subarray(0, sky), empty.subarray(0, sky))).toBe(0);
    }
  });

  it('is empty at time 0 and without traffic', () => {
    expect(new Scene({ seed: 4 }).truthAt(0)).toEqual([]);
    expect(new Scene({ seed: 4, ratePerMinute: 0 }).truthAt(90_000)).toEqual([]);
  });

  it('has parked cars where they were put from the start until they drive away', () => {
    const scene = new Scene({ seed: 4, ratePerMinute: 0, parked: 2, parkedUntilMs: 60_000 });
    const [first, second] = scene.truthAt(0);
    const boxes = (objects: readonly TruthObject[]) => objects.map(({ boxPx }) => boxPx.map(Math.round));
    for (const tMs of [20_000, 59_900]) expect(boxes(scene.truthAt(tMs))).toEqual(boxes([first!, second!]));
    expect([first?.label, second?.label]).toEqual(['car', 'car']);
    expect(Math.min(first!.visibleFraction, second!.visibleFraction)).toBeGreaterThan(0.9);
    expect(scene.truthAt(61_000)[0]!.groundPx[0]).toBeGreaterThan(first!.groundPx[0] + 100);
    expect(scene.truthAt(75_000)).toEqual([]);
    const line = { from: [0.9, 1], to: [0.9, 0] } as const;
    expect(crossings(scene, line, 0, 90_000).map(({ objectId }) => objectId)).toEqual([
      'parked-1',
      'parked-0',
    ]);
    const forGood = new Scene({ seed: 4, ratePerMinute: 0, parked: 1 });
    expect(boxes(forGood.truthAt(1e9))).toEqual(boxes([first!]));
  });

  it('changes its light suddenly only when asked to, and says when', () => {
    const options = { seed: 2, ratePerMinute: 0, noise: 0 };
    const switches = lightSwitches('sudden', 0, 120_000);
    expect(switches).toEqual([45_000, 65_000, 90_000, 110_000]);
    for (const atMs of switches) {
      const step = (light: 'slow' | 'sudden') =>
        Math.abs(
          meanLuma(draw({ ...options, light }, atMs)) - meanLuma(draw({ ...options, light }, atMs - 40)),
        );
      expect(step('sudden')).toBeGreaterThan(15);
      expect(step('slow')).toBeLessThan(0.5);
    }
    expect(lightSwitches('slow', 0, 120_000)).toEqual([]);
  });
});

describe('what is known about it', () => {
  it('has people, cars and bicycles at about the rate asked for', () => {
    const lives = lifetimes(new Scene({ seed: 11, ratePerMinute: 24 }), 0, 120_000);
    expect(new Set(lives.map(({ label }) => label))).toEqual(new Set(['person', 'car', 'bicycle']));
    expect(lives.length).toBeGreaterThan(35);
    expect(lives.length).toBeLessThan(60);
    expect(new Set(lives.map(({ objectId }) => objectId)).size).toBe(lives.length);
  });

  it('counts as visible only what is inside the picture and in front', () => {
    const scene = new Scene({ seed: 5 });
    let [whole, cut, hidden] = [0, 0, 0];
    for (let tMs = 5_000; tMs < 90_000; tMs += 500) {
      for (const { boxPx, visibleFraction } of scene.truthAt(tMs)) {
        expect(visibleFraction).toBeGreaterThanOrEqual(0);
        expect(visibleFraction).toBeLessThanOrEqual(1);
        const inside = boxPx[0] >= 0 && boxPx[2] <= 1280 && boxPx[3] <= 720;
        if (!inside) cut += visibleFraction < 0.999 ? 1 : 0;
        else if (visibleFraction > 0.999) whole += 1;
        else if (visibleFraction < 0.6) hidden += 1;
      }
    }
    expect(Math.min(whole, cut, hidden)).toBeGreaterThan(5);
  });

  it('gives each crossing its time and direction', () => {
    const scene = new Scene({ seed: 9, ratePerMinute: 40 });
    const found = crossings(scene, { from: [0.5, 1], to: [0.5, 0] }, 0, 60_000);
    expect(found.length).toBeGreaterThan(10);
    for (const { objectId, atMs, direction } of found) {
      // Looking up the picture, right is right: who goes right crosses forward.
      expect(direction).toBe(objectId.includes('right') ? 'forward' : 'backward');
      const at = (tMs: number) =>
        scene.truthAt(tMs).find((object) => object.objectId === objectId)!.groundPx[0];
      expect(Math.sign(at(atMs - 20) - 640)).toBe(-Math.sign(at(atMs + 20) - 640));
    }
    const turned = crossings(scene, { from: [0.5, 0], to: [0.5, 1] }, 0, 60_000);
    expect(turned.map(({ direction }) => direction)).toEqual(
      found.map(({ direction }) => (direction === 'forward' ? 'backward' : 'forward')),
    );
  });

  it('counts a crossing only between the ends of the line', () => {
    const scene = new Scene({ seed: 9, ratePerMinute: 40 });
    const road = crossings(scene, { from: [0.5, 0.81], to: [0.5, 0.5] }, 0, 60_000);
    expect(road.length).toBeGreaterThan(3);
    expect(road.every(({ label }) => label !== 'person')).toBe(true);
  });

  it('says who was in a zone and when', () => {
    const scene = new Scene({ seed: 9, ratePerMinute: 40 });
    const polygon = [
      [0.3, 0.5],
      [0.7, 0.5],
      [0.7, 0.81],
      [0.3, 0.81],
    ] as const;
    const stays = zoneVisits(scene, polygon, 0, 60_000);
    expect(stays.length).toBeGreaterThan(5);
    for (const { objectId, enteredAtMs, leftAtMs } of stays.filter(({ leftAtMs }) => leftAtMs < 60_000)) {
      const inside = (tMs: number) => {
        const [x, y] = scene.truthAt(tMs).find((object) => object.objectId === objectId)!.groundPx;
        return x / 1280 >= 0.3 && x / 1280 <= 0.7 && y / 720 >= 0.5 && y / 720 <= 0.81;
      };
      expect([inside(enteredAtMs - 5), inside(enteredAtMs + 5)]).toEqual([false, true]);
      expect([inside(leftAtMs - 5), inside(leftAtMs + 5)]).toEqual([true, false]);
    }
  });
});
