import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { OcellusError } from '../../src/base/errors.ts';
import { describeDetectionModel, loadDetectionModel } from '../../src/models/detection-model.ts';
import { COCO80 } from '../../src/models/labels.ts';
import { manifestSchema, readManifest } from '../../src/models/manifest.ts';
import { SHIPPED_MODELS_DIR } from '../../src/models/model-dirs.ts';
import { resolveModel } from '../../src/models/model-file.ts';
import type { ModelSummary } from '../../src/models/model-summary.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

type Dims = (number | null)[];

function model(outputs: Dims[], more: Partial<ModelSummary> & { input?: Dims } = {}): ModelSummary {
  return {
    file: '/models/some.onnx',
    bytes: 1,
    irVersion: 8,
    producer: 'test',
    opsets: { '': 17 },
    metadata: {},
    inputs: [{ name: 'images', type: 'float32', dims: more.input ?? [1, 3, 640, 640] }],
    outputs: outputs.map((dims, i) => ({ name: `output${i}`, type: 'float32', dims })),
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

describe('recognition by shape', () => {
  test.each([
    ['three anchors a cell: YOLOv5', [[1, 25200, 85]], {}, 'yolov5', 'rgb', 80],
    ['four levels of three anchors: YOLOv5-P6', [[1, 25500, 85]], {}, 'yolov5', 'rgb', 80],
    ['one box a cell, not decoded: YOLOX', [[1, 8400, 85]], {}, 'yolox', 'bgr', 80],
    [
      'one box a cell, decoded by Exp in the graph',
      [[1, 8400, 85]],
      { operators: { Exp: 1 } },
      'yolov5',
      'bgr',
      80,
    ],
    ['classes before boxes: YOLOv8', [[1, 84, 8400]], {}, 'yolov8', 'rgb', 80],
    ['a single class: YOLOv8', [[1, 5, 8400]], {}, 'yolov8', 'rgb', 1],
    ['a single class: YOLOv5, not end to end', [[1, 25200, 6]], {}, 'yolov5', 'rgb', 1],
    ['few rows of six: end to end', [[1, 300, 6]], {}, 'end2end', 'rgb', 80],
    [
      'dynamic axes everywhere but the classes',
      [[null, 7, null]],
      { input: [null, 3, null, null] },
      'yolov8',
      'rgb',
      3,
    ],
  ] as [string, Dims[], Parameters<typeof model>[1], string, string, number][])(
    '%s',
    (_, outputs, more, decoder, colourOrder, classes) => {
      const described = describeDetectionModel(model(outputs, more), undefined, {});
      expect(described).toMatchObject({ decoder, input: { colourOrder } });
      expect(described.labels).toHaveLength(classes);
    },
  );

  it('takes size and labels from the exporter for dynamic axes', () => {
    const metadata = { task: 'detect', imgsz: '[384, 640]', names: `{0: 'person', 1: "driver's seat"}` };
    const described = describeDetectionModel(
      model([[1, 6, 5040]], { metadata, input: [1, 3, null, null] }),
      undefined,
      {},
    );
    expect(described.input).toMatchObject({ widthPx: 640, heightPx: 384 });
    expect(described.labels).toEqual(['person', "driver's seat"]);
  });

  test.each([
    [
      'segmentation by its prototypes',
      model([
        [1, 116, 8400],
        [1, 32, 160, 160],
      ]),
      '/models/some.onnx is a segmentation model, not an object detector: it has mask prototypes: output0 [1, 116, 8400], output1 [1, 32, 160, 160]',
    ],
    [
      'a task that the metadata names',
      model([[1, 56, 8400]], { metadata: { task: 'pose' } }),
      'is a model for the task "pose"',
    ],
    [
      're-identification',
      model([[null, 512]]),
      'gives one vector per picture (re-identification or classification)',
    ],
    [
      'faces',
      model([
        [1, 4420, 2],
        [1, 4420, 4],
      ]),
      'is a face detector with separate scores and boxes',
    ],
    [
      'shapes that nobody knows',
      model([[1, 22, 22, 95]]),
      'the outputs of /models/some.onnx fit no decoder: it has output0 [1, 22, 22, 95] for an input of 640x640; supported are YOLOv5/v7 [1, boxes, 5+classes]',
    ],
    [
      'a batch of four',
      model([[4, 84, 8400]], { input: [4, 3, 640, 640] }),
      'are not one colour picture: it has images [4, 3, 640, 640]',
    ],
  ])('refuses %s', (_, summary, message) => {
    const error = failure(() => describeDetectionModel(summary, undefined, {}));
    expect(error.code).toBe('model_unsupported');
    expect(error.message).toContain(message);
    expect(error.hint).toBeTruthy();
  });

  it('obeys a decoder that is named, as long as it fits', () => {
    const summary = model([[1, 8400, 85]]);
    expect(describeDetectionModel(summary, undefined, { decoder: 'yolov5' }).decoder).toBe('yolov5');
    expect(
      failure(() => describeDetectionModel(summary, undefined, { decoder: 'yolov8' })).message,
    ).toContain('do not fit the decoder "yolov8"');
  });

  it('counts labels', () => {
    const error = failure(() =>
      describeDetectionModel(model([[1, 84, 8400]]), undefined, { labels: ['person'] }),
    );
    expect(error.code).toBe('config_invalid');
    expect(error.message).toBe('/models/some.onnx has 80 classes, but 1 labels are given');
  });

  it('lets a manifest say what the file does not', () => {
    const manifest = manifestSchema.parse({
      id: 'mine',
      input: {
        colourOrder: 'bgr',
        scale: 1,
        mean: [1, 2, 3],
        std: [4, 5, 6],
        placement: 'top-left',
        padValue: 0,
      },
      thresholds: { minScore: 0.2 },
    });
    const described = describeDetectionModel(model([[1, 84, 8400]]), manifest, { nmsIou: 0.5 });
    expect(described).toMatchObject({
      name: 'mine',
      minScore: 0.2,
      nmsIou: 0.5,
      input: {
        colourOrder: 'bgr',
        scale: 1,
        mean: [1, 2, 3],
        std: [4, 5, 6],
        placement: 'top-left',
        padValue: 0,
      },
    });
  });
});

describe('shipped manifests', () => {
  const files = readdirSync(SHIPPED_MODELS_DIR).filter((name) => name.endsWith('.yaml'));

  test.each(files)('%s is valid and has its id for a name', (file) => {
    expect(readManifest(join(SHIPPED_MODELS_DIR, file))?.id).toBe(basename(file, '.yaml'));
  });

  it('says how to fetch a model that is not here', () => {
    const error = failure(() => resolveModel('yolox-s', '/nowhere', [SHIPPED_MODELS_DIR]));
    expect(error.message).toContain('the file of model "yolox-s" is not here: ');
    expect(error.hint).toBe('fetch it: ocellus models pull yolox-s');
  });

  it('knows no other id', () => {
    expect(failure(() => resolveModel('yolo', '/nowhere')).message).toBe(
      'there is no model "yolo": neither a file nor a manifest id',
    );
  });
});

describeWithTestData('models as they are published', () => {
  test.each([
    ['coco/yolox_nano_416.onnx', 'yolox', 'bgr', 416],
    ['coco/yolov8n_qdq_640.onnx', 'yolov8', 'rgb', 640],
    ['coco/yolo11n_dynint8_320.onnx', 'yolov8', 'rgb', 320],
    ['coco/yolo26n_dynint8_e2e_640.onnx', 'end2end', 'rgb', 640],
  ])('%s is read by %s', (file, decoder, colourOrder, size) => {
    const described = loadDetectionModel({ file: testData('models', file) }, '/');
    expect(described).toMatchObject({ decoder, input: { colourOrder, widthPx: size, heightPx: size } });
    expect(described.labels).toEqual(COCO80);
  });

  test.each([
    ['other/osnet_x0_25_msmt17.onnx', 're-identification'],
    ['other/ultraface_rfb_320.onnx', 'face detector'],
    ['coco/nanodet_m_416.onnx', 'fit no decoder: it has 792 [1, 2704, 80], 814 [1, 676, 80]'],
    ['coco/yolo_fastestv2_352.onnx', 'fit no decoder: it has 794 [1, 22, 22, 95], 796 [1, 11, 11, 95]'],
  ])('%s is refused', (file, message) => {
    const error = failure(() => loadDetectionModel({ file: testData('models', file) }, '/'));
    expect(error.code).toBe('model_unsupported');
    expect(error.message).toContain(message);
  });
});
