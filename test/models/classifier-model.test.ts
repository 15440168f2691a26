import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { OcellusError } from '../../src/base/errors.ts';
import { classifierModelSchema } from '../../src/config/schema.ts';
import { describeClassifierModel, loadClassifierModel } from '../../src/models/classifier-model.ts';
import type { ModelSummary } from '../../src/models/model-summary.ts';
import { COLOURS, colourClassifier } from '../fixtures/classifier-onnx.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import { writeOnnx } from '../fixtures/tiny-onnx.ts';

type Dims = (number | null)[];

const { mean, std } = classifierModelSchema.parse({ file: 'm.onnx' });

function model(
  output: Dims,
  more: Partial<ModelSummary> & { input?: Dims; type?: string } = {},
): ModelSummary {
  return {
    file: '/models/some.onnx',
    bytes: 1,
    irVersion: 8,
    producer: 'test',
    opsets: { '': 17 },
    metadata: {},
    inputs: [{ name: 'input', type: 'float32', dims: more.input ?? [1, 3, 224, 224] }],
    outputs: [{ name: 'output', type: more.type ?? 'float32', dims: output }],
    operators: {},
    externalData: [],
    ...more,
  };
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

const labels = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);

describe('what a classifier takes', () => {
  test.each([
    ['torchvision: fixed', model([1, 1000]), 'nchw', 224, 224],
    ['torchvision: dynamic batch', model([null, 1000], { input: [null, 3, 299, 299] }), 'nchw', 299, 299],
    ['everything open', model([null, null], { input: [null, 3, null, null] }), 'nchw', 224, 224],
    ['Keras: channels last', model([null, 1000], { input: [null, 192, 160, 3] }), 'nhwc', 160, 192],
    [
      'Ultralytics: the size of the export',
      model([1, 1000], { input: [1, 3, null, null], metadata: { task: 'classify', imgsz: '[64, 96]' } }),
      'nchw',
      96,
      64,
    ],
  ])('%s', (_why, summary, layout, widthPx, heightPx) => {
    const { input } = describeClassifierModel(summary, { labels: labels(1000), mean, std });
    expect(input).toMatchObject({ layout, widthPx, heightPx, colourOrder: 'rgb', scale: 1 / 255, mean, std });
  });

  it('labels are those of the configuration, else those of the export', () => {
    const summary = model([1, 2], { metadata: { task: 'classify', names: "{0: 'cat', 1: 'dog'}" } });
    expect(describeClassifierModel(summary, { mean, std }).labels).toEqual(['cat', 'dog']);
    expect(describeClassifierModel(summary, { labels: ['a', 'b'], mean, std }).labels).toEqual(['a', 'b']);
  });

  it('reads a real file', () => {
    const file = writeOnnx('colours', colourClassifier({ batch: 'batch' }));
    const loaded = loadClassifierModel({ file, labels: [...COLOURS], mean, std }, '/');
    expect(loaded.labels).toEqual(COLOURS);
    expect(loaded.input).toMatchObject({ widthPx: 32, heightPx: 32, layout: 'nchw' });
    rmSync(dirname(file), { recursive: true });
  });
});

describe('what is refused', () => {
  test.each([
    [
      'more labels than classes',
      model([1, 3]),
      labels(4),
      'config_invalid',
      '/models/some.onnx has 3 classes, but 4 labels are given',
    ],
    [
      'names of the export that do not fit',
      model([1, 3], { metadata: { names: "['a', 'b']" } }),
      undefined,
      'model_invalid',
      '/models/some.onnx has 3 classes, but 2 labels are given',
    ],
    [
      'a detector',
      model([1, 84, 8400]),
      labels(80),
      'model_unsupported',
      '/models/some.onnx is not an image classifier: it has output [1, 84, 8400]',
    ],
    [
      'another task of Ultralytics',
      model([1, 84], { metadata: { task: 'pose' } }),
      labels(84),
      'model_unsupported',
      '/models/some.onnx is not an image classifier: its metadata says "pose"',
    ],
    [
      'one score',
      model([1, 1]),
      ['a'],
      'model_unsupported',
      '/models/some.onnx gives float32 output [1, 1]; float32 scores of two classes or more are needed',
    ],
    [
      'class numbers instead of scores',
      model([1, 5], { type: 'int64' }),
      labels(5),
      'model_unsupported',
      '/models/some.onnx gives int64 output [1, 5]; float32 scores of two classes or more are needed',
    ],
    [
      'grey pictures',
      model([1, 10], { input: [1, 1, 28, 28] }),
      labels(10),
      'model_unsupported',
      'the inputs of /models/some.onnx are not one colour picture: it has input [1, 1, 28, 28]',
    ],
    [
      'a batch of a fixed size',
      model([8, 10], { input: [8, 3, 28, 28] }),
      labels(10),
      'model_unsupported',
      'the inputs of /models/some.onnx are not one colour picture: it has input [8, 3, 28, 28]',
    ],
  ])('%s', (_why, summary, given, code, message) => {
    expect(failure(() => describeClassifierModel(summary, { labels: given, mean, std }))).toMatchObject({
      code,
      message,
    });
  });
});

describeWithTestData('an embedding', () => {
  it('names no classes, and the error says what to do', () => {
    const file = testData('models', 'other', 'osnet_x0_25_msmt17.onnx');
    const error = failure(() => loadClassifierModel({ file, mean, std }, '/'));
    expect(error.code).toBe('model_unsupported');
    expect(error.message).toContain('gives 512 numbers per picture and does not name its classes');
    expect(error.hint).toBe(
      'for a classifier, list its 512 classes under `labels`, in the order of training; ' +
        'an embedding such as OSNet names nothing: it goes under `reid`',
    );
  });
});
