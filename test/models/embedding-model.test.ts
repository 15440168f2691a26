import { describe, expect, it, test } from 'vitest';
import { reidModelSchema } from '../../src/config/schema.ts';
import { describeEmbeddingModel, loadEmbeddingModel } from '../../src/models/embedding-model.ts';
import type { ModelSummary } from '../../src/models/model-summary.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

const convention = reidModelSchema.parse({ file: 'm.onnx' });

function model(output: (number | null)[], more: Partial<ModelSummary> = {}): ModelSummary {
  return {
    file: '/models/some.onnx',
    bytes: 1,
    irVersion: 8,
    producer: 'test',
    opsets: { '': 17 },
    metadata: {},
    inputs: [{ name: 'images', type: 'float32', dims: [null, 3, null, null] }],
    outputs: [{ name: 'output', type: 'float32', dims: output }],
    operators: {},
    externalData: [],
    ...more,
  };
}

describe('a re-identification model', () => {
  it('is fed 128x256 where the export leaves the size open, normalised as ImageNet', () => {
    expect(describeEmbeddingModel(model([null, 512]), convention)).toMatchObject({
      dimensions: 512,
      input: { widthPx: 128, heightPx: 256, layout: 'nchw', colourOrder: 'rgb', mean: [0.485, 0.456, 0.406] },
    });
  });

  it('may leave the width of its vector open', () => {
    expect(describeEmbeddingModel(model([null, null]), convention).dimensions).toBeNull();
  });

  test.each([
    ['a detector', model([1, 84, 8400]), 'it has output [1, 84, 8400]'],
    ['a classifier of Ultralytics', model([1, 4], { metadata: { task: 'classify' } }), '"classify"'],
    ['one number', model([1, 1]), 'not a re-identification model'],
    [
      'half precision outside',
      model([1, 8], { outputs: [{ name: 'o', type: 'float16', dims: [1, 8] }] }),
      'float16',
    ],
  ])('is not %s', (_why, summary, says) => {
    expect(() => describeEmbeddingModel(summary, convention)).toThrow(says);
  });
});

describeWithTestData('OSNet', () => {
  it('is read from its own file', () => {
    const file = testData('models/other/osnet_x0_25_msmt17.onnx');
    expect(loadEmbeddingModel({ ...convention, file }, '/')).toMatchObject({
      dimensions: 512,
      input: { widthPx: 128, heightPx: 256 },
    });
  });
});
