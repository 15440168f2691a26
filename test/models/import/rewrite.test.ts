import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import type { OcellusError } from '../../../src/base/errors.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { InferenceBackend } from '../../../src/infer/backend.ts';
import { createBackend } from '../../../src/infer/backends.ts';
import { describeDetectionModel } from '../../../src/models/detection-model.ts';
import { type OnnxModel, writeOnnxModel } from '../../../src/models/graph/model-io.ts';
import { makeNode } from '../../../src/models/graph/nodes.ts';
import { opsetOf } from '../../../src/models/graph/opset-upgrade.ts';
import { makeTensor } from '../../../src/models/graph/tensor-data.ts';
import type { ModelInput } from '../../../src/models/image-input.ts';
import type { FoldableInput } from '../../../src/models/import/fold-preprocessing.ts';
import { foldPreprocessing } from '../../../src/models/import/fold-preprocessing.ts';
import { keepBestBoxes } from '../../../src/models/import/keep-best.ts';
import { chooseArithmetic, LEVELS, levelValues } from '../../../src/models/import/level-arithmetic.ts';
import { rewriteModel } from '../../../src/models/import/rewrite.ts';
import { manifestSchema } from '../../../src/models/manifest.ts';
import { readModelSummary } from '../../../src/models/onnx-file.ts';
import { graphModel } from '../../fixtures/onnx-graph.ts';

const folder = mkdtempSync(join(tmpdir(), 'ocellus-import-'));
const backends: InferenceBackend[] = [];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function write(model: OnnxModel): string {
  count += 1;
  const file = join(folder, `made-${count}.onnx`);
  writeOnnxModel(model, file);
  return file;
}

/** What a model gives for some input, on both backends, which have to agree. */
async function run(model: OnnxModel, input: ArrayLike<number>, dims: number[]): Promise<Float32Array> {
  const file = write(model);
  if (backends.length === 0) {
    for (const backend of ['ort-c-api', 'onnxruntime-node'] as const)
      backends.push(await createBackend({ backend }));
  }
  const results: Float32Array[] = [];
  for (const backend of backends) {
    const session = await backend.open({ file, providers: ['cpu'], providerOptions: {}, threads: 1 });
    try {
      session.input(input.length).set(input);
      const [output] = await session.run(dims, 20_000);
      results.push((output!.data as Float32Array).slice());
    } finally {
      await session.close(5_000);
    }
  }
  expect(results[1]).toEqual(results[0]);
  return results[0]!;
}

const SIZE = { widthPx: 4, heightPx: 2 } as const;
const yolo: FoldableInput = {
  ...{ ...SIZE, type: 'float32', layout: 'nchw', colourOrder: 'rgb', scale: 1 / 255 },
  ...{ mean: [0, 0, 0], std: [1, 1, 1], placement: 'centre', padValue: 114 },
};
const nanodet: FoldableInput = {
  ...{ ...yolo, colourOrder: 'bgr', scale: 1 },
  ...{ mean: [103.53, 116.28, 123.675], std: [57.375, 57.12, 58.395] },
};
const torchvision: FoldableInput = { ...yolo, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

describe('arithmetic of levels', () => {
  test.each([
    ['0..1: divided, which gives the same bits', yolo, ['Div'], 0],
    ['0..255: nothing to do', { ...yolo, scale: 1 }, [], 0],
    ['mean and deviation of levels', nanodet, ['Sub', 'Div'], 5e-7],
    ['mean and deviation of 0..1', torchvision, ['Sub', 'Div'], 5e-7],
  ] as const)('%s', (_, input, operators, most) => {
    const { steps, worst } = chooseArithmetic(input);
    expect(steps.map(({ opType }) => opType)).toEqual(operators);
    expect(worst).toBeLessThanOrEqual(most);
  });
});

describe('folded preprocessing gives what the program would feed', () => {
  const identity = (input: ModelInput) => {
    const dims = input.layout === 'nchw' ? [1, 3, 2, 4] : [1, 2, 4, 3];
    return graphModel({
      inputs: { images: dims },
      outputs: { y: dims },
      nodes: [makeNode('Identity', ['images'], ['y'])],
    });
  };
  const random = seededRandom(5);
  const pixels = Array.from({ length: 8 }, () =>
    [random(), random(), random()].map((value) => Math.floor(256 * value)),
  );
  /** The pixels, which are R, G, B, in a layout and an order. */
  const laidOut = ({ layout, colourOrder }: Pick<ModelInput, 'layout' | 'colourOrder'>) => {
    const ordered = pixels.map((rgb) => (colourOrder === 'rgb' ? rgb : rgb.toReversed()));
    return layout === 'nhwc' ? ordered.flat() : [0, 1, 2].flatMap((c) => ordered.map((pixel) => pixel[c]!));
  };

  test.each([
    ['as it is', yolo, {}],
    ['NHWC bytes into NCHW', yolo, { layout: 'nhwc' }],
    ['NCHW bytes into NHWC', { ...yolo, layout: 'nhwc' }, { layout: 'nchw' }],
    ['RGB bytes into BGR', nanodet, { colourOrder: 'rgb' }],
    ['both, with a mean of each channel', torchvision, { layout: 'nhwc', colourOrder: 'bgr' }],
    ['both, interleaved', { ...torchvision, layout: 'nhwc' }, { layout: 'nchw', colourOrder: 'bgr' }],
  ] as const)('%s', async (_, input, change) => {
    const form = { layout: input.layout, colourOrder: input.colourOrder, ...change };
    const model = identity(input);
    foldPreprocessing(model, input, form);
    const dims = form.layout === 'nchw' ? [1, 3, 2, 4] : [1, 2, 4, 3];
    const got = await run(model, laidOut(form), dims);
    const fed = laidOut(input).map((level, at) => {
      const channel = (input.layout === 'nchw' ? Math.floor(at / 8) : at % 3) as 0 | 1 | 2;
      return levelValues(input, channel)[level]!;
    });
    const { worst } = chooseArithmetic(input);
    for (const [at, value] of fed.entries()) expect(Math.abs(got[at]! - value)).toBeLessThanOrEqual(worst);
  });

  const quantized = (scale: number, zero: number) =>
    graphModel({
      inputs: { images: [1, 3, 2, 4] },
      outputs: { y: [1, 3, 2, 4] },
      initializers: [
        makeTensor('scale', [], Float32Array.of(scale)),
        makeTensor('zero', [], Uint8Array.of(zero)),
      ],
      nodes: [
        makeNode('QuantizeLinear', ['images', 'scale', 'zero'], ['q']),
        makeNode('DequantizeLinear', ['q', 'scale', 'zero'], ['y']),
      ],
    });

  test.each([
    ['the bytes are the quantized input where its scale is 1/255', 1 / 255, 0, ['DequantizeLinear']],
    ['another scale is applied', 1 / 200, 0, ['Cast', 'Div', 'QuantizeLinear', 'DequantizeLinear']],
    ['another zero point is applied', 1 / 255, 3, ['Cast', 'Div', 'QuantizeLinear', 'DequantizeLinear']],
  ])('%s', async (_, scale, zero, operators) => {
    const model = quantized(scale, zero);
    const float = await run(
      quantized(scale, zero),
      laidOut(yolo).map((level) => levelValues(yolo, 0)[level]!),
      [1, 3, 2, 4],
    );
    foldPreprocessing(model, yolo, yolo);
    expect(model.graph.node.map(({ opType }) => opType)).toEqual(operators);
    expect(await run(model, laidOut(yolo), [1, 3, 2, 4])).toEqual(float);
  });

  it('meets every level', () => {
    expect([LEVELS[0], LEVELS.at(-1), LEVELS.length]).toEqual([0, 255, 256]);
  });
});

describe('the best boxes', () => {
  const rows = 4 + 2;
  const boxes = 20;
  const random = seededRandom(9);
  const values = Array.from({ length: rows * boxes }, () => Math.fround(random()));
  // Two boxes of one score: the first has to come first.
  for (const at of [3, 12]) for (const row of [4, 5]) values[row * boxes + at] = 0.75;
  const head = (opset: number) =>
    graphModel({
      opset,
      inputs: { x: [1, rows, boxes] },
      outputs: { y: [1, rows, boxes] },
      nodes: [makeNode('Identity', ['x'], ['y'])],
    });

  test.each([13, 17, 18, 20])(
    'of operator set %i are those that score highest, best first',
    async (opset) => {
      const model = head(opset);
      keepBestBoxes(model, { rows, boxes }, 5);
      const got = await run(model, values, [1, rows, boxes]);
      const score = (box: number) => Math.max(values[4 * boxes + box]!, values[5 * boxes + box]!);
      const best = Array.from({ length: boxes }, (_, box) => box)
        .sort((a, b) => score(b) - score(a) || a - b)
        .slice(0, 5);
      const expected = Array.from({ length: rows }, (_, row) =>
        best.map((box) => values[row * boxes + box]!),
      ).flat();
      expect(Array.from(got)).toEqual(expected);
    },
  );
});

describe('rewriteModel', () => {
  /** A detector of 64x64 with YOLOv8's head, with an output that nothing reads and an open batch. */
  const detector = (opset = 11) =>
    graphModel({
      opset,
      inputs: { images: [null, 3, 64, 64] },
      outputs: { output0: [1, 7, 84], features: [1, 1, 1, 1] },
      initializers: [
        makeTensor('spread', [7, 3, 1, 1], new Float32Array(21).fill(0.01)),
        makeTensor('few', [3], BigInt64Array.of(1n, 7n, 4096n)),
        makeTensor('zero', [1], BigInt64Array.of(0n)),
        makeTensor('end', [1], BigInt64Array.of(84n)),
        makeTensor('last', [1], BigInt64Array.of(2n)),
      ],
      nodes: [
        makeNode('Conv', ['images', 'spread'], ['conv']),
        makeNode('Reshape', ['conv', 'few'], ['flat']),
        makeNode('Slice', ['flat', 'zero', 'end', 'last'], ['output0']),
        makeNode('GlobalMaxPool', ['images'], ['features']),
      ],
    });
  const described = (model: OnnxModel, manifest?: object) =>
    describeDetectionModel(
      readModelSummary(write(model)),
      manifest === undefined ? undefined : manifestSchema.parse(manifest),
      {},
    );
  const plain = { layout: 'nchw', colourOrder: 'rgb', bestBoxes: null } as const;

  it('fixes the size, raises the operator set, drops what nobody reads, and computes the same', async () => {
    const [original, model] = [detector(), detector()];
    const changes = rewriteModel(model, described(original), plain);
    expect(opsetOf(model)).toBe(13);
    expect(changes.slice(0, 2)).toEqual([
      '1 outputs that nothing reads were removed',
      'operator set 11 became 13',
    ]);
    expect(described(model)).toMatchObject({
      decoder: 'yolov8',
      input: { type: 'uint8', widthPx: 64, heightPx: 64, scale: 1, mean: [0, 0, 0], std: [1, 1, 1] },
      summary: {
        inputs: [{ name: 'images_uint8', type: 'uint8', dims: [1, 3, 64, 64] }],
        outputs: [{ name: 'output0' }],
      },
    });
    const random = seededRandom(2);
    const pixels = Uint8Array.from({ length: 3 * 64 * 64 }, () => Math.floor(256 * random()));
    const levels = levelValues(yolo, 0);
    const before = await run(
      original,
      Float32Array.from(pixels, (level) => levels[level]!),
      [1, 3, 64, 64],
    );
    expect(await run(model, pixels, [1, 3, 64, 64])).toEqual(before);
  });

  it('keeps the operator set where it cannot be raised, and says why', () => {
    const model = detector(10);
    const [, kept] = rewriteModel(model, described(detector(10)), { ...plain, bestBoxes: 10 });
    expect(kept).toContain('it keeps operator set 10: ');
    expect(opsetOf(model)).toBe(10);
  });

  it('lets the graph give the best boxes, which the decoder still recognises', () => {
    const model = detector();
    rewriteModel(model, described(detector()), { ...plain, bestBoxes: 10 });
    expect(described(model)).toMatchObject({
      decoder: 'yolov8',
      summary: { outputs: [{ dims: [1, 7, 10] }] },
    });
  });

  it('refuses a model that takes bytes', () => {
    const model = detector();
    rewriteModel(model, described(detector()), plain);
    expect(() => rewriteModel(model, described(model), plain)).toThrow('takes bytes already');
  });

  test.each([
    ['a manifest that says floats', { type: 'float32' }, 'the manifest says that the input is float32'],
    ['a manifest that normalises bytes', { scale: 0.5 }, 'normalises an input of bytes'],
  ])('a model of bytes refuses %s', (_, input, message) => {
    const model = detector();
    rewriteModel(model, described(detector()), plain);
    const refusal = () => described(model, { id: 'mine', input });
    expect(refusal).toThrow(message);
    expect(refusal).toThrow(
      expect.objectContaining({ code: 'model_invalid' } satisfies Partial<OcellusError>),
    );
  });
});
