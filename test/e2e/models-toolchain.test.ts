import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { SearchResult } from '../../src/eval/quantize/search.ts';
import type { ModelReport } from '../../src/models/inspect/model-report.ts';
import { runProgram } from '../fixtures/program.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

it('inspects damaged models without a crash, a hang or growth', async () => {
  const { stdout } = await promisify(execFile)('node', [
    join(root, 'test/fuzz/models.mjs'),
    '--cases',
    '400',
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ cases: 400, crashes: 0 });
});

describeWithTestData('ocellus models', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-toolchain-'));

  it('inspect: refuses broken models with exit status 1 and the reason', async () => {
    const broken = testData('models', 'broken', 'yolov8n_qdq_allzero_scores_640.onnx');
    const { status, stdout } = await runProgram(['models', 'inspect', broken, '--json']);
    expect(status).toBe(1);
    expect((JSON.parse(stdout) as ModelReport).refused).toContain('every score of 0..1 becomes 0');
    const absent = testData('models', 'broken', 'osnet_missing_external_data.onnx');
    expect(await runProgram(['models', 'inspect', absent])).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/refused +its weights are in .*, and there is no file /),
    });
  });

  it('quantize: writes a model that detects what the float one does', async () => {
    const photos = join(folder, 'photos');
    mkdirSync(photos);
    for (const name of readdirSync(testData('coco', 'val2017')).slice(0, 12)) {
      copyFileSync(testData('coco', 'val2017', name), join(photos, name));
    }
    const float = testData('models', 'coco', 'yolox_nano_416.onnx');
    const out = join(folder, 'u8s8.onnx');
    const { status, stdout, stderr } = await runProgram([
      ...['models', 'quantize', '--model', float, '--images', photos, '--out', out, '--json'],
      ...['--method', 'percentile', '--max-loss', '50', '--pictures', '6'],
    ]);
    expect([status, stderr]).toEqual([0, expect.stringContaining('layers in float')]);
    const { chosen, candidates } = JSON.parse(stdout) as SearchResult;
    expect(chosen!.lossPoints).toBeLessThanOrEqual(50);
    expect(Math.max(...candidates.map((each) => each.agreement))).toBeGreaterThan(0.7);
    const inspected = await runProgram(['models', 'inspect', out, '--json']);
    const { quantization } = JSON.parse(inspected.stdout) as ModelReport;
    expect(quantization).toMatchObject({ kind: 'qdq', perChannel: true });
    const detected = await runProgram([
      'detect',
      testData('coco', 'demo', 'dog.jpg'),
      '--model',
      out,
      '--json',
    ]);
    expect(detected.status).toBe(0);
  });

  it('quantize: says what is missing', async () => {
    const model = testData('models', 'coco', 'yolox_nano_416.onnx');
    const run = (...args: string[]) =>
      runProgram(['models', 'quantize', '--model', model, '--out', join(folder, 'none.onnx'), ...args]);
    expect(await run()).toMatchObject({ status: 2, stderr: expect.stringContaining('give one of --images') });
    expect(await run('--images', folder, '--video', 'x.mp4')).toMatchObject({ status: 2 });
    expect(await run('--video', testData('README.md'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('cannot take frames from'),
    });
  });
});
