import { writeFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { OcellusError } from '../../../src/base/errors.ts';
import { loadDetectionModel } from '../../../src/models/detection-model.ts';
import { encodeOnnxModel, readOnnxModel } from '../../../src/models/graph/model-io.ts';
import { inspectModel } from '../../../src/models/inspect/model-report.ts';
import { coarseScores } from '../../../src/models/inspect/silent-head.ts';
import { describeWithTestData, testData } from '../../fixtures/test-data.ts';
import { addModel, type Graph, writeOnnx } from '../../fixtures/tiny-onnx.ts';

/** Boxes and scores in one tensor, quantized with `scale`. */
function quantizedHead(scale: number): Graph {
  return {
    nodes: [
      { op: 'Sigmoid', inputs: ['logits'], outputs: ['scores'] },
      { op: 'Relu', inputs: ['logits'], outputs: ['boxes'] },
      { op: 'Concat', inputs: ['boxes', 'scores'], outputs: ['both'], attributes: { axis: 1 } },
      { op: 'QuantizeLinear', inputs: ['both', 'scale'], outputs: ['q'] },
      { op: 'DequantizeLinear', inputs: ['q', 'scale'], outputs: ['output'] },
    ],
    inputs: [{ name: 'logits', type: 'float32', dims: [1, 4, 8] }],
    outputs: [{ name: 'output', type: 'float32', dims: [1, 8, 8] }],
    constants: [{ name: 'scale', type: 'float32', dims: [], values: [scale] }],
  };
}

describe('coarseScores', () => {
  test.each([
    [
      'more than twice the best score: none is ever above 0',
      2.5,
      [{ scale: 2.5, silent: true, withBoxes: true }],
    ],
    ['coarse: a warning', 0.5, [{ scale: 0.5, silent: false, withBoxes: true }]],
    ['fine enough for scores', 1 / 255, []],
  ])('a step that is %s', (_, scale, expected) => {
    const { graph } = readOnnxModel(writeOnnx('head', quantizedHead(scale)));
    expect(coarseScores(graph)).toEqual(expected.map((each) => ({ value: 'both', ...each })));
  });
});

describe('inspectModel', () => {
  it('refuses a graph that goes in a circle, instead of following it', () => {
    const file = writeOnnx('circle', addModel);
    const model = readOnnxModel(file, { weights: true });
    model.graph.node[0]!.input[0] = 'y';
    writeFileSync(file, encodeOnnxModel(model));
    expect(() => inspectModel(file, undefined)).toThrow(/its nodes go in a circle/);
  });

  it('refuses weights outside the folder of the model', () => {
    const file = writeOnnx('outside', addModel);
    const model = readOnnxModel(file, { weights: true });
    const [tensor] = model.graph.initializer;
    tensor!.dataLocation = 1;
    tensor!.rawData = undefined;
    tensor!.externalData = [{ key: 'location', value: '../../etc/passwd', unknown: [] }];
    writeFileSync(file, encodeOnnxModel(model));
    expect(() => inspectModel(file, undefined)).toThrow(/weights file outside its own folder/);
  });

  it('takes negative and huge dimensions for what they are: not known', () => {
    const file = writeOnnx('odd', addModel);
    const model = readOnnxModel(file, { weights: true });
    model.graph.input[0]!.type!.tensorType!.shape!.dim[1]!.dimValue = -9223372036854775808n;
    model.graph.initializer[0]!.dims = [9223372036854775807n, 4];
    writeFileSync(file, encodeOnnxModel(model));
    expect(inspectModel(file, undefined)).toMatchObject({ parameters: 0, refused: null });
  });
});

describeWithTestData('models of the field', () => {
  const report = (name: string) => inspectModel(testData('models', name), undefined);

  test.each([
    ['coco/yolox_nano_416.onnx', 'none', 'yolox', 1.05],
    ['coco/yolov8n_qdq_640.onnx', 'qdq', 'yolov8', 8.74],
    ['coco/yolov8n_dynint8_640.onnx', 'dynamic', 'yolov8', 8.74],
    ['coco/yolo26n_dynint8_e2e_640.onnx', 'dynamic', 'end2end', 5.48],
  ])('%s', (name, kind, decoder, gflops) => {
    const { quantization, recognised, refused, ...rest } = report(name);
    expect([quantization.kind, recognised.decoder, refused]).toEqual([kind, decoder, null]);
    expect(rest.gflops).toBeCloseTo(gflops, 2);
    expect(rest.unknownProducts).toBe(0);
  });

  it('warns of signed integer convolutions, and not of unsigned ones', () => {
    const message = (name: string) =>
      report(name).warnings.find(({ code }) => code === 'integer_convolution_slow')?.message;
    expect(message('coco/yolo26n_dynint8_e2e_640.onnx')).toContain('signed weights');
    expect(message('coco/yolov8n_dynint8_640.onnx')).toContain('dynamic quantization');
  });

  it('tells re-identification from detection', () => {
    expect(report('other/osnet_x0_25_msmt17.onnx').recognised.role).toBe('re-identification');
  });

  it('refuses a model whose scores are all zero, at inspection and at the start, with the reason', () => {
    const file = testData('models', 'broken', 'yolov8n_qdq_allzero_scores_640.onnx');
    const reason =
      /boxes and scores were quantized together .* steps of 2\.50, so that every score of 0\.\.1 becomes 0/;
    expect(inspectModel(file, undefined).refused).toMatch(reason);
    const start = () => loadDetectionModel({ file }, '/');
    expect(start).toThrow(reason);
    expect(start).toThrow(OcellusError);
  });

  it('refuses a model whose weights are missing', () => {
    expect(report('broken/osnet_missing_external_data.onnx').refused).toMatch(
      /there is no file .*\.onnx\.data$/,
    );
  });
});
