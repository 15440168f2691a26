import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { ImportResult } from '../../src/eval/import/import-model.ts';
import { type Manifest, manifestSchema } from '../../src/models/manifest.ts';
import { runProgram } from '../fixtures/program.ts';
import { DEMO_MODEL, runDaemon } from '../fixtures/running-daemon.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const folder = mkdtempSync(join(tmpdir(), 'ocellus-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const importing = (...args: string[]) => runProgram(['models', 'import', ...args]);
const manifestOf = (name: string): Manifest =>
  manifestSchema.parse(parse(readFileSync(join(folder, `${name}.yaml`), 'utf8')));

describe('an imported demo model', () => {
  const out = join(folder, 'Demo Scene.onnx');

  it('is written with its manifest, and computes the same bits', async () => {
    const { status, stdout } = await importing(DEMO_MODEL, '--out', out, '--json', '--pictures', '3');
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as ImportResult;
    expect(result.difference).toMatchObject({ pictures: 3, different: 0, largest: 0 });
    expect(result.detections.unmatched).toBe(0);
    const { id, input, imported } = manifestOf('Demo Scene');
    expect([id, input.type, imported?.from]).toEqual(['demo-scene', 'uint8', 'demo-scene.onnx']);
    expect(imported?.sha256).toBe(result.sha256);
  });

  it('is served by the daemon, on either backend', async () => {
    for (const backend of ['ort-c-api', 'onnxruntime-node']) {
      const daemon = await runDaemon({ models: { default: { file: out, backend } } });
      try {
        await waitUntil(
          () => daemon.events.some((event) => event.type === 'object.started'),
          `an object seen through ${backend}`,
          60_000,
        );
        const labels = daemon.events.flatMap((event) => ('label' in event ? [event.label] : []));
        for (const label of labels) expect(['person', 'car']).toContain(label);
      } finally {
        await daemon.stop();
      }
    }
  });

  it('is imported again over itself, but over no manifest that somebody wrote', async () => {
    expect((await importing(DEMO_MODEL, '--out', out, '--pictures', '1')).status).toBe(0);
    writeFileSync(join(folder, 'mine.yaml'), 'id: mine\n');
    expect(await importing(DEMO_MODEL, '--out', join(folder, 'mine.onnx'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('was not written by an import'),
    });
  });

  it('inherits the licence of the original', async () => {
    const licensed = join(folder, 'licensed.onnx');
    copyFileSync(DEMO_MODEL, licensed);
    const source = { url: 'https://models.example/x.onnx', sha256: null, licence: 'MIT' };
    writeFileSync(join(folder, 'licensed.yaml'), stringify({ id: 'licensed', source }));
    await importing(licensed, '--out', join(folder, 'heir.onnx'), '--pictures', '1');
    expect(manifestOf('heir')).toMatchObject({ id: 'heir', imported: { licence: 'MIT' } });
    expect(manifestOf('heir').source).toBeUndefined();
  });

  test.each([
    ['over the original', [DEMO_MODEL, '--out', DEMO_MODEL], 2, 'would replace the original'],
    ['to another kind of file', [DEMO_MODEL, '--out', join(folder, 'x.bin')], 2, 'does not end in .onnx'],
    ['of what was imported', [out, '--out', join(folder, 'twice.onnx')], 1, 'takes bytes already'],
    [
      'under an id that is none',
      [DEMO_MODEL, '--out', join(folder, 'x.onnx'), '--id', 'A b'],
      2,
      'lower-case',
    ],
  ])('is not written %s', async (_, args, status, message) => {
    const result = await importing(...args);
    expect([result.status, result.stderr]).toEqual([status, expect.stringContaining(message)]);
  });
});

it('a damaged file is refused with the place of the damage', async () => {
  const damaged = join(folder, 'damaged.onnx');
  const whole = readFileSync(DEMO_MODEL);
  for (const [bytes, message] of [
    [whole.subarray(0, whole.length - 100), 'truncated or damaged at byte'],
    [Buffer.from('not a model'), 'damaged.onnx'],
    [Buffer.alloc(0), 'damaged.onnx'],
  ] as const) {
    writeFileSync(damaged, bytes);
    const result = await importing(damaged, '--out', join(folder, 'repaired.onnx'));
    expect(result).toMatchObject({ status: 1, stderr: expect.stringContaining(message) });
  }
  expect(() => readFileSync(join(folder, 'repaired.onnx'))).toThrow('ENOENT');
});

describeWithTestData('imported models of the field', () => {
  const coco = (name: string) => testData('models', 'coco', `${name}.onnx`);
  const photos = ['dog', 'bus', 'person'].map((name) => testData('coco', 'demo', `${name}.jpg`));

  async function detections(model: string): Promise<unknown[]> {
    const { status, stdout } = await runProgram(['detect', ...photos, '--model', model, '--json']);
    expect(status).toBe(0);
    return stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { detections: unknown }).detections);
  }

  test.each([
    ['yolox_nano_416', ['--layout', 'nhwc', '--colour-order', 'rgb']],
    ['yolov8n_qdq_640', ['--best-boxes', '1000']],
    ['yolo_fastestv2_352', []],
  ])('%s detects the same in photos, to the last bit', async (name, options) => {
    const out = join(folder, `${name}.onnx`);
    const { status, stdout } = await importing(
      coco(name),
      '--out',
      out,
      '--pictures',
      '2',
      '--json',
      ...options,
    );
    expect([status, (JSON.parse(stdout) as ImportResult).difference.different]).toEqual([0, 0]);
    expect(await detections(out)).toEqual(await detections(coco(name)));
  });

  it('a difference beyond what is allowed is an error, and nothing is written', async () => {
    const out = join(folder, 'nanodet.onnx');
    const args = [coco('nanodet_m_416'), '--out', out, '--pictures', '1'];
    expect(await importing(...args, '--max-difference', '1e-12')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('gives other numbers than'),
    });
    expect(() => readFileSync(out)).toThrow('ENOENT');
    expect((await importing(...args)).status).toBe(0);
    expect(manifestOf('nanodet').imported!.largestDifference).toBeLessThan(1e-4);
  });

  test.each([
    ['weights that are not there', 'osnet_missing_external_data.onnx', 'keeps its weights in'],
    ['scores that are always zero', 'yolov8n_qdq_allzero_scores_640.onnx', 'can detect nothing'],
  ])('%s are refused as when it is served', async (_, name, message) => {
    const result = await importing(testData('models', 'broken', name), '--out', join(folder, 'broken.onnx'));
    expect(result).toMatchObject({ status: 1, stderr: expect.stringContaining(message) });
  });

  test.each([
    ['a face detector', 'ultraface_rfb_320', 'is a face detector'],
    ['a model of vectors', 'osnet_x0_25_msmt17', 'one vector per picture'],
  ])('%s is refused, since only detectors are imported', async (_, name, message) => {
    const result = await importing(
      testData('models', 'other', `${name}.onnx`),
      '--out',
      join(folder, 'other.onnx'),
    );
    expect(result).toMatchObject({ status: 1, stderr: expect.stringContaining(message) });
  });
});
