import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it, test } from 'vitest';
import { runProgram } from '../fixtures/program.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

describeWithTestData('ocellus detect', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-detect-'));
  const model = testData('models', 'coco', 'yolox_nano_416.onnx');
  const dog = testData('coco', 'demo', 'dog.jpg');

  function fileWith(name: string, bytes: Uint8Array | string): string {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  it('goes on after photos that cannot be read, names them, and exits with 1', async () => {
    const truncated = fileWith('truncated.jpg', readFileSync(dog).subarray(0, 20_000));
    const text = fileWith('text.jpg', 'not a picture');
    const { status, stdout, stderr } = await runProgram([
      ...['detect', truncated, text, join(folder, 'none.jpg'), dog],
      ...['--model', model, '--json'],
    ]);
    expect(status).toBe(1);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(1);
    const result = JSON.parse(lines[0]!) as Record<string, unknown>;
    expect(Object.keys(result)).toEqual(['image', 'widthPx', 'heightPx', 'detections', 'timingsMs']);
    expect(result).toMatchObject({ image: dog, widthPx: 768, heightPx: 576 });
    expect(result.detections).toContainEqual({
      label: 'dog',
      classId: 16,
      score: expect.any(Number),
      boxPx: [expect.any(Number), expect.any(Number), expect.any(Number), expect.any(Number)],
    });
    expect(stderr).toContain(`cannot decode the image ${truncated}: `);
    expect(stderr).toContain(`cannot decode the image ${text}: `);
    expect(stderr).toContain(`cannot read the image ${join(folder, 'none.jpg')}: `);
    expect(stderr).toContain('(it is damaged, truncated or not a picture; open it in a viewer to see)');
  });

  it('prints a table for people and draws boxes', async () => {
    const out = join(folder, 'out');
    const { status, stdout } = await runProgram(['detect', dog, '--model', model, '--annotate', out]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/dog\.jpg {2}768x576 {2}3 objects {2}[\d.]+ ms\n( {2}\w+ +0\.\d\d .*\n){3}$/);
    const drawn = await sharp(join(out, 'dog.jpg')).metadata();
    expect([drawn.width, drawn.height]).toEqual([768, 576]);
  });

  it('refuses a model whose scores are all zero, and says why', async () => {
    const silent = testData('models', 'broken', 'yolov8n_qdq_allzero_scores_640.onnx');
    const { status, stdout, stderr } = await runProgram(['detect', dog, '--model', silent, '--json']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`${silent} can detect nothing: its boxes and scores were quantized together`);
    expect(stderr).toContain('in steps of 2.50, so that every score of 0..1 becomes 0');
  });

  test.each([
    [
      'a face detector',
      ['models', 'other', 'ultraface_rfb_320.onnx'],
      'is a face detector with separate scores and boxes',
    ],
    [
      'a re-identification model',
      ['models', 'other', 'osnet_x0_25_msmt17.onnx'],
      'one vector per picture (re-identification',
    ],
    [
      'missing weights',
      ['models', 'broken', 'osnet_missing_external_data.onnx'],
      'keeps its weights in "osnet_x0_25_msmt17.onnx.data", but there is no file',
    ],
    ['a photo as model', ['coco', 'demo', 'dog.jpg'], 'dog.jpg is not an ONNX model'],
  ])('refuses %s', async (_, parts, message) => {
    const { status, stdout, stderr } = await runProgram(['detect', dog, '--model', testData(...parts)]);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test.each([
    ['no model', [dog], "required option '-m, --model <model>' not specified"],
    ['a score that is none', [dog, '-m', model, '--score', '2'], 'give a number in 0..1'],
    [
      'an unknown provider',
      [dog, '-m', model, '--provider', 'gpu'],
      'Allowed choices are tensorrt, cuda, cpu',
    ],
  ])('exits with 2 for %s', async (_, args, message) => {
    const { status, stderr } = await runProgram(['detect', ...args]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
