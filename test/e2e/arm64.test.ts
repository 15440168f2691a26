import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toRgb } from '../../src/app/frame-jpeg.ts';
import { Scene } from '../../src/capture/sim/scene.ts';
import { i420Bytes } from '../../src/flow/frame.ts';
import type { BoxPx } from '../../src/flow/geometry.ts';
import { Arm64Root, inRoot, noArm64Because } from '../fixtures/arm64-root.ts';

const NATIVE = ['onnxruntime-node', 'sharp', 'koffi', 'libsql', '@roamhq/wrtc'];
const SIZE = { widthPx: 1280, heightPx: 720 };

const reason = noArm64Because();
if (reason !== undefined && process.env.CI === undefined) {
  describe.skip(`the program on arm64 (${reason})`, () => {
    it('was not tried', () => {});
  });
} else {
  describe("the program on arm64, emulated, on Node's own build", onArm64);
}

function onArm64(): void {
  let root: Arm64Root | undefined;
  beforeAll(async () => {
    if (reason !== undefined) throw new Error(`arm64 cannot be emulated here: ${reason}`);
    root = await Arm64Root.make();
  }, 900_000);
  afterAll(() => root?.remove());

  it('has its native modules from `npm ci`, and every one loads', async () => {
    const load = `const { createRequire } = require('node:module'); const load = createRequire('/opt/ocellus/package.json');
      for (const name of ${JSON.stringify(NATIVE)}) load(name); console.log(process.arch); process.exit(0);`;
    expect((await root!.node('-e', load)).stdout.trim()).toBe('arm64');
  }, 120_000);

  it.each(['ort-c-api', 'onnxruntime-node'])(
    'detects what is there, by %s',
    async (backend) => {
      const scene = new Scene({ seed: 7, ratePerMinute: 40 });
      await drawPicture(scene, 12_000, inRoot(root!, '/tmp/street.png'));
      const args = ['--model', '/opt/ocellus/models/demo-scene.onnx', '--backend', backend, '--json'];
      const { stdout } = await root!.ocellus('detect', '/tmp/street.png', ...args);
      const { detections } = JSON.parse(stdout) as {
        detections: { label: string; boxPx: BoxPx; score: number }[];
      };
      const plain = scene.truthAt(12_000).filter(({ visibleFraction }) => visibleFraction > 0.9);
      expect(plain.length).toBeGreaterThan(0);
      const missed = plain.filter(
        (truth) =>
          !detections.some(({ label, boxPx }) => label === truth.label && iou(boxPx, truth.boxPx) > 0.6),
      );
      expect(missed).toEqual([]);
    },
    120_000,
  );

  it('runs the demo: events come, and it ends well', async () => {
    const { stdout } = await root!.ocellus('demo', '--duration', '30');
    expect(stdout).toMatch(/street camera\.state +live/);
    expect(stdout).toMatch(/street object\.started +(person|car|bicycle)/);
    expect(stdout).toMatch(/street object\.ended +(person|car|bicycle)/);
  }, 240_000);
}

async function drawPicture(scene: Scene, tMs: number, file: string): Promise<void> {
  const data = new Uint8Array(i420Bytes(SIZE.widthPx, SIZE.heightPx));
  scene.draw(tMs, { ...SIZE, data });
  const rgb = toRgb({ ...SIZE, data, colour: { matrix: 'bt601', range: 'limited' } });
  const raw = { width: SIZE.widthPx, height: SIZE.heightPx, channels: 3 as const };
  await sharp(rgb, { raw }).png().toFile(file);
}

function iou(a: BoxPx, b: BoxPx): number {
  const overlap = (from: number, to: number) =>
    Math.max(0, Math.min(a[to]!, b[to]!) - Math.max(a[from]!, b[from]!));
  const area = ([x1, y1, x2, y2]: BoxPx) => (x2 - x1) * (y2 - y1);
  const both = overlap(0, 2) * overlap(1, 3);
  return both / (area(a) + area(b) - both);
}
