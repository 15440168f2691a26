import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { toRgb } from '../../src/app/frame-jpeg.ts';
import { Scene } from '../../src/capture/sim/scene.ts';
import type { VerifyReport } from '../../src/eval/verify/verify-model.ts';
import { i420Bytes } from '../../src/flow/frame.ts';
import { readOnnxModel, writeOnnxModel } from '../../src/models/graph/model-io.ts';
import { floatValues, makeTensor, tensorDims } from '../../src/models/graph/tensor-data.ts';
import { scratch } from '../fixtures/owned.ts';
import { Program, projectRoot, runProgram } from '../fixtures/program.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const DEMO = join(projectRoot, 'models/demo-scene.onnx');
const SIZE = { widthPx: 640, heightPx: 360 };
const PICTURES = 8;

/** Pictures of the simulated street; a copy of its model; and one that was damaged. */
async function workshop(): Promise<{ photos: string; copy: string; damaged: string }> {
  const folder = await scratch('verify');
  const photos = join(folder, 'photos');
  mkdirSync(photos);
  const scene = new Scene({ seed: 8, ratePerMinute: 40 });
  for (let n = 0; n < PICTURES; n++) {
    const data = new Uint8Array(i420Bytes(SIZE.widthPx, SIZE.heightPx));
    scene.draw(10_000 + n * 3_000, { ...SIZE, data });
    const rgb = toRgb({ ...SIZE, data, colour: { matrix: 'bt601', range: 'limited' } });
    const raw = { width: SIZE.widthPx, height: SIZE.heightPx, channels: 3 as const };
    await sharp(rgb, { raw })
      .png()
      .toFile(join(photos, `${n}.png`));
  }
  const copy = join(folder, 'copy.onnx');
  copyFileSync(DEMO, copy);
  const damaged = join(folder, 'damaged.onnx');
  writeOnnxModel(damagedModel(), damaged);
  return { photos, copy, damaged };
}

/** The first convolution sees a third of what it should. */
function damagedModel() {
  const model = readOnnxModel(DEMO, { weights: true });
  const first = model.graph.node.find(({ opType }) => opType === 'Conv')!.input[1]!;
  const weights = model.graph.initializer.find(({ name }) => name === first)!;
  const floats = floatValues(weights).map((weight, i) => (i % 3 === 0 ? weight : 0));
  model.graph.initializer = model.graph.initializer.map((tensor) =>
    tensor === weights ? makeTensor(first, tensorDims(tensor)!, floats) : tensor,
  );
  return model;
}

let shop: Awaited<ReturnType<typeof workshop>>;

async function verify(model: string, ...more: string[]) {
  const args = ['models', 'verify', model, '--against', DEMO, '--images', shop.photos, '--json', ...more];
  const { status, stdout, stderr } = await runProgram(args);
  return { status, stderr, report: JSON.parse(stdout) as VerifyReport };
}

it('a model passes by one that is the same, and a damaged one fails; the daemon goes by it', async () => {
  shop = await workshop();
  const same = await verify(DEMO, '--no-record');
  expect(same).toMatchObject({
    status: 0,
    report: { verdict: 'passed', reasons: [], pictures: PICTURES, ap: null },
  });
  expect(same.report.lossPoints).toBeCloseTo(0, 6);
  expect(same.report.agreement).toBeCloseTo(1, 6);
  expect(same.report.speedRatio).toBeGreaterThan(0.2);

  // Without the manifest of the original it is fed a little otherwise.
  expect(await verify(shop.copy, '--max-loss', '5')).toMatchObject({
    status: 0,
    report: { verdict: 'passed' },
  });

  const damaged = await verify(shop.damaged);
  expect(damaged).toMatchObject({ status: 1, report: { verdict: 'failed' } });
  expect(damaged.report.lossPoints).toBeGreaterThan(1);

  const config = join(await scratch('verify-run'), 'ocellus.yaml');
  const run = async (model: object) => {
    const storage = { path: await scratch('verify-store'), reserveMiB: 0 };
    const cameras = { a: { source: 'sim://scene?seed=8', detect: { fps: 2 } } };
    writeFileSync(
      config,
      JSON.stringify({ models: { default: model }, storage, http: { enabled: false }, cameras }),
    );
    return new Program(['run', '-c', config]);
  };
  const refused = await run({ file: shop.damaged });
  await waitUntil(() => refused.child.exitCode !== null, 'the refusal', 60_000);
  expect(refused.child.exitCode).not.toBe(0);
  expect(refused.stderr).toMatch(/failed its verification against .*demo-scene\.onnx: it loses/);

  const running = (program: Program) =>
    waitUntil(() => program.log.some(({ msg }) => msg === 'running'), 'it to run', 60_000);
  for (const model of [{ file: shop.damaged, allowFailedVerification: true }, { file: shop.copy }]) {
    const program = await run(model);
    await running(program);
    await program.stop();
  }
  // The record is of the file as it was.
  writeFileSync(shop.damaged, readFileSync(DEMO));
  const another = await run({ file: shop.damaged });
  await running(another);
  expect(another.log.some(({ msg }) => String(msg).includes('verification does not count'))).toBe(true);
  await another.stop();
}, 240_000);
