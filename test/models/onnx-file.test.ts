import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { OcellusError } from '../../src/base/errors.ts';
import { readModelSummary, requireExternalData } from '../../src/models/onnx-file.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import { addModel, loopModel, onnxModel, writeOnnx } from '../fixtures/tiny-onnx.ts';

const folder = mkdtempSync(join(tmpdir(), 'ocellus-models-'));

function fileWith(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function failure(act: () => unknown): OcellusError {
  try {
    act();
  } catch (error) {
    if (error instanceof OcellusError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('readModelSummary', () => {
  it('reads inputs, outputs, dynamic axes and operators', () => {
    const summary = readModelSummary(writeOnnx('add', addModel));
    expect(summary).toMatchObject({
      irVersion: 8,
      opsets: { '': 17 },
      inputs: [{ name: 'x', type: 'float32', dims: [null, 4] }],
      outputs: [{ name: 'y', type: 'float32', dims: [null, 4] }],
      operators: { Add: 1 },
      externalData: [],
    });
  });

  it('counts the operators of subgraphs too', () => {
    expect(readModelSummary(writeOnnx('loop', loopModel(1))).operators).toEqual({
      Loop: 1,
      Identity: 1,
      Add: 1,
    });
  });

  test.each([
    ['a web page saved under the name', '<!DOCTYPE html><html></html>', 'is not an ONNX model: '],
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\n', 'is not an ONNX model: '],
    ['an empty file', '', 'is not an ONNX model: the file is empty (byte 0)'],
    [
      'a sound start without a graph',
      Uint8Array.of(8, 8),
      'is not an ONNX model: it holds no graph (byte 2)',
    ],
    [
      'a graph cut off in the middle',
      onnxModel(addModel).subarray(0, 40),
      'is truncated or damaged at byte 2: ',
    ],
  ])('refuses %s', (name, bytes, message) => {
    const path = fileWith(`${name.replace(/\W+/g, '-')}.onnx`, bytes);
    const error = failure(() => readModelSummary(path));
    expect(error.code).toBe('model_invalid');
    expect(error.message).toContain(`${path} ${message}`);
    expect(error.hint).toBeTruthy();
  });

  it('says that a file does not exist, and that a folder is none', () => {
    const missing = failure(() => readModelSummary(join(folder, 'none.onnx')));
    expect(missing.code).toBe('model_unreadable');
    expect(missing.message).toMatch(/^cannot read the model .*none\.onnx: ENOENT/);
    expect(failure(() => readModelSummary(folder)).message).toBe(`${folder} is not a regular file`);
  });

  it('fails with its own error on any damage, and never hangs', () => {
    const sound = onnxModel(loopModel(3));
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(), (at, byte, cut) => {
        const damaged = Buffer.from(sound.subarray(0, 1 + (cut % sound.length)));
        damaged[at % damaged.length] = byte;
        const path = fileWith('damaged.onnx', damaged);
        try {
          readModelSummary(path);
        } catch (error) {
          expect(error).toBeInstanceOf(OcellusError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describeWithTestData('real models', () => {
  it('gives metadata as the exporter left it', () => {
    const summary = readModelSummary(testData('models', 'coco', 'yolov8n_qdq_640.onnx'));
    expect(summary.metadata).toMatchObject({ task: 'detect', stride: '32', imgsz: '[640, 640]' });
    expect(summary.operators.QuantizeLinear).toBeGreaterThan(100);
  });

  it('names the weights file that is missing and what to try', () => {
    const file = testData('models', 'broken', 'osnet_missing_external_data.onnx');
    const error = failure(() => requireExternalData(readModelSummary(file)));
    expect(error.code).toBe('model_external_data_missing');
    expect(error.message).toBe(
      `the model ${file} keeps its weights in "osnet_x0_25_msmt17.onnx.data", but there is no file ${file.replace(/[^/]+$/, '')}osnet_x0_25_msmt17.onnx.data`,
    );
    expect(error.hint).toBe(
      'put "osnet_x0_25_msmt17.onnx.data" of the same export beside the model, or export it as one file',
    );
  });

  it('says where a truncated model ends', () => {
    const bytes = readFileSync(testData('models', 'coco', 'yolox_nano_416.onnx')).subarray(0, 100_000);
    const error = failure(() => readModelSummary(fileWith('truncated.onnx', bytes)));
    expect(error.code).toBe('model_invalid');
    expect(error.message).toContain(
      'is truncated or damaged at byte 19: a field of 3678326 bytes starts at byte 24',
    );
    expect(error.hint).toContain('copy or download the file again');
  });
});
