import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { OcellusError } from '../../src/base/errors.ts';
import { OUTPUT_DECODERS, type OutputDecoderName } from '../../src/config/schema.ts';
import { type DetectionModel, describeDetectionModel } from '../../src/models/detection-model.ts';
import { FAMILIES } from '../../src/models/families.ts';
import { inspectModel } from '../../src/models/inspect/model-report.ts';
import { COCO80, COCO91 } from '../../src/models/labels.ts';
import { manifestSchema } from '../../src/models/manifest.ts';
import type { ModelSummary, ModelTensor } from '../../src/models/model-summary.ts';
import { readModelSummary } from '../../src/models/onnx-file.ts';
import { type FamilyModel, familyModels } from '../fixtures/family-models.ts';
import { writeOnnx } from '../fixtures/tiny-onnx.ts';

const files: string[] = [];
afterAll(() => {
  for (const file of files) rmSync(dirname(file), { recursive: true });
});

function written({ graph }: FamilyModel): string {
  const file = writeOnnx('tiny', graph);
  files.push(file);
  return file;
}

const manifestOf = ({ manifest = {} }: FamilyModel) => manifestSchema.parse({ id: 'tiny', ...manifest });

function attempt(describe: () => DetectionModel): DetectionModel | OcellusError {
  try {
    return describe();
  } catch (error) {
    if (error instanceof OcellusError) return error;
    throw error;
  }
}

/** Outputs of one box per cell say in `recogniseOutput` themselves that both can read them, as whoever names one wants. */
const READ_BY_BOTH: readonly (readonly [OutputDecoderName, OutputDecoderName])[] = [['yolox', 'yolov5']];

describe.each([1, 2, 4, 80, 91])('models of %i classes', (classes) => {
  const models = familyModels(classes).map((model, i) => [`${model.decoder} (${i})`, model] as const);

  test.each(models)('%s is recognised, and fits no other decoder', (_, model) => {
    const summary = readModelSummary(written(model));
    const manifest = manifestOf(model);
    expect(describeDetectionModel(summary, manifest, {}).decoder).toBe(model.decoder);
    for (const decoder of OUTPUT_DECODERS) {
      if (decoder === model.decoder) continue;
      if (READ_BY_BOTH.some(([mine, other]) => mine === model.decoder && other === decoder)) continue;
      const outcome = attempt(() => describeDetectionModel(summary, manifest, { decoder }));
      expect(outcome, decoder).toBeInstanceOf(OcellusError);
      expect((outcome as OcellusError).message).toContain(`do not fit the decoder "${decoder}"`);
    }
  });
});

test.each(familyModels().map((model) => [model.decoder, model] as const))(
  'inspection of %s tells the family and why',
  (decoder, model) => {
    const { recognised, refused } = inspectModel(written(model), manifestOf(model));
    expect(refused).toBeNull();
    expect(recognised).toMatchObject({ role: 'detection', decoder });
    expect(recognised.why).toContain(`its outputs fit ${FAMILIES[decoder].families}`);
    const named = inspectModel(written(model), { ...manifestOf(model), decoder });
    expect(named.recognised.why).toMatch(/^its manifest says so, and its outputs fit /);
  },
);

function summary(
  outputs: Pick<ModelTensor, 'dims' | 'type'>[],
  more: Partial<ModelSummary> & { input?: Partial<ModelTensor> } = {},
): ModelSummary {
  const { input, ...rest } = more;
  return {
    ...{
      file: '/models/some.onnx',
      bytes: 1,
      irVersion: 8,
      producer: 'test',
      opsets: { '': 17 },
      metadata: {},
    },
    inputs: [{ name: 'x', type: 'float32', dims: [1, 3, 640, 640], ...input }],
    outputs: outputs.map((tensor, i) => ({ name: `output${i}`, ...tensor })),
    operators: {},
    externalData: [],
    ...rest,
  };
}

const float = (...dims: (number | null)[]) => ({ type: 'float32', dims });
const int = (...dims: (number | null)[]) => ({ type: 'int64', dims });
const describeOutputs = (...parameters: Parameters<typeof summary>) =>
  describeDetectionModel(summary(...parameters), undefined, {});

describe('open axes', () => {
  const rows = [float(null, null, 80), float(null, null, 4)];

  it('rows of unknown number are queries where matrices are multiplied, and cells where not', () => {
    expect(describeOutputs(rows, { operators: { MatMul: 9 } }).decoder).toBe('detr');
    expect(describeOutputs(rows, { operators: { Conv: 9 } }).decoder).toBe('yolo-nas');
  });

  it('levels of unknown size come from the finest to the coarsest', () => {
    const level = float(1, 3, null, null, 85);
    expect(describeOutputs([level, level, level])).toMatchObject({
      decoder: 'yolov5-raw',
      outputs: [0, 1, 2],
    });
  });

  it('a picture without a batch axis has three', () => {
    const { input } = describeOutputs([float(null, 4), float(null), int(null)], {
      input: { dims: [3, null, null] },
    });
    expect(input).toMatchObject({ layout: 'chw', widthPx: 640, heightPx: 640, placement: 'top-left' });
  });
});

describe('what tells families of like shapes apart', () => {
  const levels = [80, 40, 20].map((cells) => float(1, 255, cells, cells));

  it('leaky units: YOLOv3 and v4, which are refused unless named', () => {
    const operators = { LeakyRelu: 9 };
    expect(attempt(() => describeOutputs(levels, { operators }))).toBeInstanceOf(OcellusError);
    const named = { decoder: 'yolov5-raw' } as const;
    expect(describeDetectionModel(summary(levels, { operators }), undefined, named).decoder).toBe(
      'yolov5-raw',
    );
    expect(describeOutputs(levels).decoder).toBe('yolov5-raw');
  });

  it('faces have neither queries nor the cells of an input', () => {
    const faces = attempt(() => describeOutputs([float(1, 4420, 2), float(1, 4420, 4)]));
    expect((faces as OcellusError).message).toContain('is a face detector');
    expect(describeOutputs([float(1, 300, 2), float(1, 300, 4)]).decoder).toBe('detr');
    expect(describeOutputs([float(1, 8400, 2), float(1, 8400, 4)]).decoder).toBe('yolo-nas');
  });

  it('as many rows as columns: refused, unless the decoder is named', () => {
    const outputs = [float(1, 84, 84)];
    const input = { dims: [1, 3, 64, 64] };
    const refused = attempt(() => describeOutputs(outputs, { input })) as OcellusError;
    expect(refused.message).toContain('fit several decoders (yolox, yolov5, yolov8)');
    expect(refused.hint).toContain('`decoder`');
    const named = describeDetectionModel(summary(outputs, { input }), undefined, { decoder: 'yolov8' });
    expect(named.labels).toHaveLength(80);
  });

  it('of more lists than boxes, scores and classes, names have to tell', () => {
    const lists = [
      float(1, 100),
      float(1, 100, 4),
      float(1, 100),
      float(1, 100),
      float(1),
      float(1, 1917, 4),
    ];
    const nameless = attempt(() => describeOutputs(lists));
    expect((nameless as OcellusError).message).toContain("TensorFlow's Object Detection API");
    const names = ['anchor_indices', 'boxes', 'classes', 'scores', 'number', 'raw'].map(
      (name) => `detection_${name}`,
    );
    const outputs = lists.map((tensor, i) => ({ ...tensor, name: names[i]! }));
    expect(describeOutputs(outputs)).toMatchObject({ decoder: 'tf-od', outputs: [1, 3, 2, 4] });
  });

  it('lists of integers are no lists of the Object Detection API', () => {
    const outputs = [float(1, 100, 4), float(1, 100), { type: 'int32', dims: [1, 100] }, int(1, 1)];
    expect(attempt(() => describeOutputs(outputs))).toBeInstanceOf(OcellusError);
  });

  it('the size as an input: without it, deployed queries have nothing to scale their boxes to', () => {
    const outputs = [int(1, 300), float(1, 300, 4), float(1, 300)];
    expect(attempt(() => describeOutputs(outputs))).toBeInstanceOf(OcellusError);
  });

  test.each([
    ['boxes and scores', [float(1, 8400, 4), float(1, 8400, 2 ** 40)]],
    ['queries', [float(1, 300, 2 ** 40), float(1, 300, 4)]],
    ['levels', [80, 40, 20].map((cells) => float(1, 3, cells, cells, 2 ** 40))],
    ['maps', [80, 40, 20].flatMap((cells) => [float(1, cells ** 2, 2 ** 40), float(1, cells ** 2, 32)])],
  ])('a damaged model that claims more classes than there are is refused: %s', (_, outputs) => {
    expect(attempt(() => describeOutputs(outputs))).toBeInstanceOf(OcellusError);
  });

  it('an input that no family has is refused', () => {
    const inputs = [
      { name: 'x', ...float(1, 3, 640, 640) },
      { name: 'mask', ...int(1, 640, 640) },
    ];
    const refused = attempt(() => describeOutputs([float(1, 300, 80), float(1, 300, 4)], { inputs }));
    expect((refused as OcellusError).message).toContain('are not one colour picture');
  });
});

describe('how families are fed', () => {
  const lists = [float(null, 4), float(null), int(null)];

  test.each([
    ['torchvision', lists, {}, { scale: 1 / 255, colourOrder: 'rgb' }],
    ['detectron2', [...lists, int(2)], {}, { scale: 1, colourOrder: 'bgr', placement: 'top-left' }],
    [
      'bytes, as they are',
      [float(1, 84, 8400)],
      { input: { type: 'uint8', dims: [1, 640, 640, 3] } },
      { scale: 1, mean: [0, 0, 0], std: [1, 1, 1], layout: 'nhwc' },
    ],
    ['RT-DETR', [float(1, 300, 80), float(1, 300, 4)], {}, { scale: 1 / 255, placement: 'stretch' }],
  ] as const)('%s', (_, outputs, more, input) => {
    expect(describeOutputs([...outputs], more as Parameters<typeof summary>[1]).input).toMatchObject(input);
  });

  it('half-precision pictures are refused', () => {
    const refused = attempt(() => describeOutputs([float(1, 84, 8400)], { input: { type: 'float16' } }));
    expect((refused as OcellusError).message).toContain('only float32 and uint8 are supported');
  });
});

describe('labels of families that number from the background', () => {
  const lists = [float(null, 4), float(null), int(null)];
  const torchvision = (labels?: readonly string[]) =>
    describeDetectionModel(summary(lists), undefined, labels === undefined ? {} : { labels });

  it("are COCO's own numbers, with gaps", () => {
    const { labels } = torchvision();
    expect(labels).toBe(COCO91);
    expect([labels[0], labels[1], labels[12], labels[13], labels[90]]).toEqual([
      ...['background', 'person', 'unused12', 'stop sign', 'toothbrush'],
    ]);
    expect(new Set(labels).size).toBe(91);
    expect(labels.filter((label) => COCO80.includes(label))).toEqual(COCO80);
  });

  it('cannot be the 80 without gaps', () => {
    const refused = attempt(() => torchvision(COCO80)) as OcellusError;
    expect(refused.code).toBe('config_invalid');
    expect(refused.hint).toContain('coco91');
  });

  it('are what is given else, and Detectron2 numbers without gaps', () => {
    expect(torchvision(['background', 'forklift']).labels).toEqual(['background', 'forklift']);
    expect(describeOutputs([...lists, int(2)]).labels).toBe(COCO80);
  });
});
