import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { lightSwitches } from '../../src/capture/sim/light.ts';
import { Scene, type SceneOptions } from '../../src/capture/sim/scene.ts';
import { i420Bytes } from '../../src/flow/frame.ts';
import type { BoxNorm, PointNorm } from '../../src/flow/geometry.ts';
import { MotionGate, type MotionResult } from '../../src/motion/motion-gate.ts';

const SIZE = { widthPx: 416, heightPx: 234 };
const STILL = { moving: false, areaFraction: 0, boxesNorm: [], sceneChange: false };

interface Watched {
  readonly tMs: number;
  readonly motion: MotionResult;
}

/** The gate's answers for a scene from `fromMs` to `toMs`, a frame every `stepMs`. */
function watch(
  scene: Scene,
  [fromMs, toMs, stepMs]: readonly [number, number, number],
  options: { sensitivity?: number; masks?: [number, number][][] } = {},
): Watched[] {
  const gate = new MotionGate({ sensitivity: 0.5, masks: [], ...options });
  const data = new Uint8Array(i420Bytes(SIZE.widthPx, SIZE.heightPx));
  const watched: Watched[] = [];
  for (let tMs = fromMs; tMs < toMs; tMs += stepMs) {
    scene.draw(tMs, { ...SIZE, data });
    watched.push({ tMs, motion: gate.observe({ ...SIZE, data, times: { captureMonoMs: tMs } }) });
  }
  return watched;
}

const empty = (options: Partial<SceneOptions>) => new Scene({ ratePerMinute: 0, ...options });

/** A flat grey picture with one bright rectangle. */
function picture(box: BoxNorm | undefined, level = 100, size = SIZE): Uint8Array {
  const data = new Uint8Array(i420Bytes(size.widthPx, size.heightPx)).fill(level);
  if (box === undefined) return data;
  for (let y = Math.round(box[1] * size.heightPx); y < Math.round(box[3] * size.heightPx); y++) {
    const row = y * size.widthPx;
    data.fill(200, row + Math.round(box[0] * size.widthPx), row + Math.round(box[2] * size.widthPx));
  }
  return data;
}

/** The gate's answers for pictures `stepMs` apart. */
function show(
  gate: MotionGate,
  pictures: readonly Uint8Array[],
  stepMs: number,
  startMs = 0,
): MotionResult[] {
  return pictures.map((data, n) =>
    gate.observe({ ...SIZE, data, times: { captureMonoMs: startMs + n * stepMs } }),
  );
}

const plain = () => new MotionGate({ sensitivity: 0.5, masks: [] });

describe('on the simulated street', () => {
  it.each([
    [1, 24, 200, 'a busy street, 5 fps'],
    [2, 10, 200, 'few at a time'],
    [3, 24, 500, '2 fps'],
  ])('sees what moves (seed %i, %i a minute, every %i ms: %s)', (seed, ratePerMinute, stepMs) => {
    const scene = new Scene({ seed, ratePerMinute });
    let withObjects = 0;
    let seen = 0;
    let before = new Map<string, readonly [number, number]>();
    for (const { tMs, motion } of watch(scene, [0, 45_000, stepMs])) {
      const truth = scene.truthAt(tMs);
      const moved = truth.some(({ objectId, groundPx, visibleFraction }) => {
        const was = before.get(objectId);
        return (
          was !== undefined &&
          visibleFraction > 0.3 &&
          Math.hypot(groundPx[0] - was[0], groundPx[1] - was[1]) > 4
        );
      });
      before = new Map(truth.map(({ objectId, groundPx }) => [objectId, groundPx]));
      if (!moved) continue;
      withObjects += 1;
      if (motion.moving) seen += 1;
    }
    expect(withObjects).toBeGreaterThan(40);
    expect(seen / withObjects, `${seen} of ${withObjects}`).toBeGreaterThanOrEqual(0.99);
  });

  it('says where', () => {
    const scene = new Scene({ seed: 2, ratePerMinute: 10 });
    let boxes = 0;
    for (const { tMs, motion } of watch(scene, [0, 30_000, 200])) {
      const truth = scene.truthAt(tMs);
      for (const [x1, y1, x2, y2] of motion.boxesNorm) {
        boxes += 1;
        // A shadow moves too: it lies within two metres of who casts it.
        const near = truth.some(({ boxPx }) => {
          const [left, top, right, bottom] = [
            boxPx[0] / 1280,
            boxPx[1] / 720,
            boxPx[2] / 1280,
            boxPx[3] / 720,
          ];
          return x1 < right + 0.12 && x2 > left - 0.12 && y1 < bottom + 0.08 && y2 > top - 0.08;
        });
        expect(near, `${tMs} ms: ${x1},${y1},${x2},${y2}`).toBe(true);
      }
    }
    expect(boxes).toBeGreaterThan(30);
  });

  it.each([
    [4, 2, 'steady', 'a still picture'],
    [5, 8, 'slow', 'clouds, and a noisy sensor'],
  ] as const)('is quiet when nobody is there (seed %i, noise %i, light %s: %s)', (...row) => {
    const [seed, noise, light] = row;
    for (const { motion } of watch(empty({ seed, noise, light }), [0, 60_000, 250]))
      expect(motion).toEqual(STILL);
  });

  it('takes a switch of the light for one change of the scene, not for an object', () => {
    const watched = watch(empty({ seed: 6, light: 'sudden' }), [30_000, 75_000, 250]);
    const changes = watched.filter(({ motion }) => motion.sceneChange).map(({ tMs }) => tMs);
    expect(changes).toEqual(lightSwitches('sudden', 30_000, 75_000));
    expect(watched.filter(({ motion }) => motion.moving)).toEqual([]);
  });

  it('takes another view for a change of the scene', () => {
    const gate = plain();
    const data = new Uint8Array(i420Bytes(SIZE.widthPx, SIZE.heightPx));
    const see = (seed: number, tMs: number) => {
      empty({ seed, light: 'steady' }).draw(tMs, { ...SIZE, data });
      return gate.observe({ ...SIZE, data, times: { captureMonoMs: tMs } });
    };
    for (let tMs = 0; tMs < 2000; tMs += 250) see(1, tMs);
    const turned = new Uint8Array(data).reverse();
    expect(gate.observe({ ...SIZE, data: turned, times: { captureMonoMs: 2000 } })).toMatchObject({
      moving: false,
      boxesNorm: [],
      sceneChange: true,
    });
    expect(gate.observe({ ...SIZE, data: turned, times: { captureMonoMs: 2250 } })).toEqual(STILL);
  });
});

describe('background', () => {
  const box: BoxNorm = [0.4, 0.3, 0.6, 0.8];
  const background = (n: number) => Array.from({ length: n }, () => picture(undefined));
  const standing = (n: number) => Array.from({ length: n }, () => picture(box));

  it('finds an object with its box and area, and forgets it the moment it leaves', () => {
    const gate = plain();
    show(gate, background(10), 200);
    const [appeared] = show(gate, standing(1), 200, 2000);
    expect(appeared!.moving).toBe(true);
    expect(appeared!.areaFraction).toBeCloseTo(0.1, 1);
    expect(appeared!.boxesNorm).toHaveLength(1);
    appeared!.boxesNorm[0]!.forEach((side, i) => {
      expect(Math.abs(side - box[i]!)).toBeLessThan(0.03);
    });
    expect(show(gate, background(1), 200, 2200)).toEqual([STILL]);
  });

  it.each([
    [100, '10 fps'],
    [200, '5 fps'],
    [500, '2 fps'],
  ])('lets what stands still rest after 3 s, by time and not by frames (every %i ms: %s)', (stepMs) => {
    const gate = plain();
    show(gate, background(10), stepMs);
    const startMs = 10 * stepMs;
    const results = show(gate, standing(6000 / stepMs), stepMs, startMs);
    const movedMs = results.filter(({ moving }) => moving).length * stepMs;
    expect(movedMs).toBeGreaterThanOrEqual(2500);
    expect(movedMs).toBeLessThanOrEqual(4000);
    // Even after a long stand nothing of it is left behind.
    const left = show(gate, background(5), stepMs, startMs + 6000);
    expect(left).toEqual(Array(5).fill(STILL));
  });

  it('takes what stands for more than a minute for background, and still knows what was behind it', () => {
    const gate = plain();
    show(gate, background(10), 200);
    show(gate, standing(350), 200, 2000);
    const [left] = show(gate, background(1), 200, 72_000);
    expect(left).toEqual(STILL);
  });

  it('ignores rain', () => {
    const gate = plain();
    const random = seededRandom(3);
    const rain = Array.from({ length: 100 }, () => {
      const data = picture(undefined);
      for (let drop = 0; drop < 40; drop++) {
        const x = Math.floor(random() * SIZE.widthPx);
        const y = Math.floor(random() * (SIZE.heightPx - 6));
        for (let i = 0; i < 6; i++) data[(y + i) * SIZE.widthPx + x] = 160;
      }
      return data;
    });
    const results = show(gate, rain, 200);
    expect(results.filter(({ moving }) => moving).length).toBeLessThanOrEqual(2);
  });

  it('gets used to what flickers', () => {
    const gate = plain();
    const flicker = Array.from({ length: 600 }, (_, n) => {
      const data = picture(undefined);
      // A patch of leaves whose brightness is another in every frame.
      const level = 100 + 26 * Math.sin(n * 2.4);
      for (let y = 40; y < 80; y++) data.fill(level, y * SIZE.widthPx + 200, y * SIZE.widthPx + 240);
      return data;
    });
    const results = show(gate, flicker, 200).map(({ moving }) => moving);
    const early = results.slice(1, 11).filter(Boolean).length;
    const late = results.slice(-50).filter(Boolean).length;
    expect(early).toBeGreaterThan(5);
    expect(late).toBeLessThan(5);
  });

  it('keeps up with the light over hours of dusk, seen every 2 s', () => {
    const gate = plain();
    const random = seededRandom(9);
    const texture = Float64Array.from({ length: SIZE.widthPx * SIZE.heightPx }, () => 60 + 120 * random());
    let moved = 0;
    for (let n = 0; n < 300; n++) {
      const data = new Uint8Array(i420Bytes(SIZE.widthPx, SIZE.heightPx));
      const gain = Math.exp(-n / 150);
      for (let i = 0; i < texture.length; i++) data[i] = texture[i]! * gain + random() * 2;
      const result = gate.observe({ ...SIZE, data, times: { captureMonoMs: n * 2000 } });
      if (result.moving || result.sceneChange) moved += 1;
    }
    expect(moved).toBe(0);
  });

  it('survives a black picture and comes back', () => {
    const gate = plain();
    show(gate, standing(5), 200);
    const black = Array.from({ length: 3 }, () => picture(undefined, 0));
    expect(show(gate, black, 200, 1000)[0]!.sceneChange).toBe(true);
    expect(show(gate, standing(1), 200, 1600)[0]!.sceneChange).toBe(true);
    expect(show(gate, standing(5), 200, 1800)).toEqual(Array(5).fill(STILL));
  });

  it('starts anew when the size of the frames changes', () => {
    const gate = plain();
    show(gate, background(5), 200);
    const small = { widthPx: 101, heightPx: 75 };
    const data = picture(box, 100, small);
    expect(gate.observe({ ...small, data, times: { captureMonoMs: 1000 } })).toEqual(STILL);
    const gone = picture(undefined, 100, small);
    expect(gate.observe({ ...small, data: gone, times: { captureMonoMs: 1200 } }).moving).toBe(true);
  });
});

describe('options', () => {
  const results = (
    options: { sensitivity: number; masks: PointNorm[][] },
    box: BoxNorm,
    level: number,
  ): MotionResult => {
    const gate = new MotionGate({ ...options, masks: options.masks.map((m) => m.map(([x, y]) => [x, y])) });
    for (let n = 0; n < 20; n++) show(gate, [picture(undefined)], 200, n * 200);
    const data = picture(undefined);
    for (let y = Math.round(box[1] * 234); y < Math.round(box[3] * 234); y++) {
      data.fill(level, y * 416 + Math.round(box[0] * 416), y * 416 + Math.round(box[2] * 416));
    }
    return show(gate, [data], 200, 4000)[0]!;
  };
  // biome-ignore format: corners
  const left: PointNorm[] = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]];

  it.each([
    [0, 200, [0.2, 0.2, 0.4, 0.6], true, 'large and strong is seen even at 0'],
    [0, 115, [0.2, 0.2, 0.4, 0.6], false, 'weak is not seen at 0'],
    [0.5, 115, [0.2, 0.2, 0.4, 0.6], true, 'weak and large is seen at the default'],
    [0.5, 106, [0.2, 0.2, 0.4, 0.6], false, 'the slightest is not'],
    [1, 106, [0.2, 0.2, 0.4, 0.6], true, 'but it is at 1'],
    [0, 200, [0.2, 0.2, 0.22, 0.24], false, 'small is not seen at 0'],
    [1, 200, [0.2, 0.2, 0.22, 0.24], true, 'but it is at 1'],
  ] as const)('sensitivity %f, level %i in %o: %s (%s)', (...row) => {
    const [sensitivity, level, box, moving] = row;
    expect(results({ sensitivity, masks: [] }, box, level).moving).toBe(moving);
  });

  it.each([
    [[0.1, 0.2, 0.4, 0.6], false, 'inside the mask'],
    [[0.6, 0.2, 0.9, 0.6], true, 'outside'],
    [[0.4, 0.2, 0.7, 0.6], true, 'partly outside'],
  ] as const)('counts motion in %o: %s (%s)', (...row) => {
    const [box, moving] = row;
    const result = results({ sensitivity: 0.5, masks: [left] }, box, 200);
    expect(result.moving).toBe(moving);
    for (const [x1] of result.boxesNorm) expect(x1).toBeGreaterThanOrEqual(0.49);
  });
});
