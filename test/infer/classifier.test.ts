import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { i420Bytes } from '../../src/flow/frame.ts';
import type { InferenceBackend } from '../../src/infer/backend.ts';
import { createBackend } from '../../src/infer/backends.ts';
import { openClassifier, toProbabilities } from '../../src/infer/classifier.ts';
import { copyCrop } from '../../src/infer/crop.ts';
import type { CropModel } from '../../src/infer/crop-model.ts';
import type { Yuv420Picture } from '../../src/infer/preprocess-yuv420.ts';
import { loadClassifierModel } from '../../src/models/classifier-model.ts';
import { COLOURS, type ColourClassifier, colourClassifier } from '../fixtures/classifier-onnx.ts';
import { writeOnnx } from '../fixtures/tiny-onnx.ts';

/** R, G, B and what BT.601 makes of them in full range: Y, U, V. */
const PAINTS = {
  red: { rgb: [254, 0, 0], yuv: [76, 85, 255] },
  green: { rgb: [0, 254, 1], yuv: [149, 44, 21] },
  blue: { rgb: [0, 0, 254], yuv: [29, 255, 107] },
  grey: { rgb: [90, 90, 90], yuv: [90, 128, 128] },
} as const;
type Paint = keyof typeof PAINTS;

/** A frame of 64x48 out of a picture of 128x96: the left half in one colour, the right half in another. */
function halves(left: Paint, right: Paint): Yuv420Picture {
  const [widthPx, heightPx] = [64, 48];
  const data = new Uint8Array(i420Bytes(widthPx, heightPx));
  const planes = [
    { start: 0, width: widthPx, height: heightPx },
    { start: widthPx * heightPx, width: widthPx / 2, height: heightPx / 2 },
    { start: (widthPx * heightPx * 5) / 4, width: widthPx / 2, height: heightPx / 2 },
  ];
  for (const [plane, { start, width, height }] of planes.entries()) {
    for (let i = 0; i < width * height; i++) {
      data[start + i] = PAINTS[i % width < width / 2 ? left : right].yuv[plane]!;
    }
  }
  const source = { widthPx: 128, heightPx: 96 };
  return { data, widthPx, heightPx, colour: { matrix: 'bt601', range: 'full' }, source };
}

describe('copyCrop', () => {
  const frame = halves('red', 'blue');

  test.each([
    ['a box with its margin, on even pixels', [20, 20, 40, 60], 14, 24],
    ['cut at the border of the picture', [-50, -10, 30, 120], 20, 48],
    ['the whole picture', [0, 0, 128, 96], 64, 48],
  ] as const)('%s', (_why, boxPx, widthPx, heightPx) => {
    const crop = copyCrop(frame, boxPx);
    expect(crop).toMatchObject({ widthPx, heightPx, source: { widthPx, heightPx } });
    expect(crop?.data).toHaveLength(i420Bytes(widthPx, heightPx));
  });

  it('takes luma and chroma from the same place', () => {
    const crop = copyCrop(frame, [44, 20, 84, 60])!;
    const chroma = crop.widthPx / 2;
    const blueAt = crop.widthPx * crop.heightPx;
    // The edge between the halves is at x = 32 of the frame, and the crop begins at 20.
    expect([...crop.data.subarray(0, crop.widthPx)]).toEqual([...Array(12).fill(76), ...Array(12).fill(29)]);
    expect([...crop.data.subarray(blueAt, blueAt + chroma)]).toEqual([
      ...Array(6).fill(85),
      ...Array(6).fill(255),
    ]);
  });

  it('gives nothing for a box outside the picture', () => {
    expect(copyCrop(frame, [200, 10, 220, 30])).toBeUndefined();
  });

  it('reuses a buffer that is large enough', () => {
    const spare = new Uint8Array(5_000);
    expect(copyCrop(frame, [0, 0, 64, 48], spare)?.data.buffer).toBe(spare.buffer);
    expect(copyCrop(frame, [0, 0, 64, 48], new Uint8Array(3))?.data.length).toBeGreaterThan(3);
  });
});

describe('toProbabilities', () => {
  test.each([
    ['logits', [2, 0, 0], [0.787, 0.1065, 0.1065]],
    ['large logits, without overflow', [1000, 0], [1, 0]],
    ['probabilities stay', [0.7, 0.2, 0.1], [0.7, 0.2, 0.1]],
    ['of half precision too', [0.7, 0.2, 0.0996], [0.7, 0.2, 0.0996]],
    ['a sum of 1 with a negative value is no distribution', [1.5, -0.5], [0.881, 0.119]],
  ])('%s', (_why, scores, expected) => {
    for (const [i, value] of toProbabilities(scores).entries()) expect(value).toBeCloseTo(expected[i]!, 3);
  });
});

describe.each(['ort-c-api', 'onnxruntime-node'] as const)('a classifier on %s', (name) => {
  let backend: InferenceBackend;
  const undo: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    backend = await createBackend({ backend: name });
  });
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  async function open(
    options: ColourClassifier,
    convention: Pick<Parameters<typeof loadClassifierModel>[0], 'mean' | 'std'>,
    labels: readonly string[] = COLOURS,
  ): Promise<CropModel> {
    const file = writeOnnx('colours', colourClassifier(options));
    undo.push(() => rmSync(dirname(file), { recursive: true }));
    const model = loadClassifierModel({ file, labels, ...convention }, '/');
    const run = { providers: ['cpu'], providerOptions: {}, threads: 1, runTimeoutMs: 10_000 } as const;
    const classifier = await openClassifier({ backend, model, ...run });
    undo.push(() => classifier.close(5_000));
    return classifier;
  }

  const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

  it.each(['red', 'green', 'blue'] as const)('sees a crop of %s, in RGB order', async (paint) => {
    const classifier = await open({}, plain);
    const probabilities = await classifier.detect(copyCrop(halves('grey', paint), [80, 20, 120, 60])!);
    expect(COLOURS[probabilities.indexOf(Math.max(...probabilities))]).toBe(paint);
    expect(Math.max(...probabilities)).toBeGreaterThan(0.99);
  });

  it.each([
    ['logits', false],
    ['probabilities', true],
  ])('normalises as torchvision does, and reads %s', async (_what, softmax) => {
    const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
    const classifier = await open({ gain: 0.5, softmax, batch: 'batch', edgePx: 20 }, imagenet);
    const probabilities = await classifier.detect(copyCrop(halves('blue', 'grey'), [70, 0, 128, 96])!);
    const logits = PAINTS.grey.rgb.map(
      (level, c) => (0.5 * (level / 255 - imagenet.mean[c]!)) / imagenet.std[c]!,
    );
    for (const [c, expected] of toProbabilities(logits).entries()) {
      expect(probabilities[c]).toBeCloseTo(expected, 4);
    }
  });

  it('stretches the crop over the whole input, whatever its shape', async () => {
    const classifier = await open({ gain: 1 }, plain);
    // Half red, half blue, much wider than high: without stretching there would be bars or a part cut off.
    const [red, green, blue] = await classifier.detect(copyCrop(halves('red', 'blue'), [44, 40, 84, 44])!);
    expect(red).toBeCloseTo(blue!, 2);
    expect(red! / green!).toBeCloseTo(Math.exp(254 / 255 / 2), 1);
  });

  it('refuses at start what gives another number of scores than there are labels', async () => {
    const file = writeOnnx('colours', {
      ...colourClassifier(),
      outputs: [{ name: 'output', type: 'float32', dims: [1, 'classes'] }],
    });
    undo.push(() => rmSync(dirname(file), { recursive: true }));
    const model = loadClassifierModel({ file, labels: ['a', 'b'], ...plain }, '/');
    const run = { providers: ['cpu'], providerOptions: {}, threads: 1, runTimeoutMs: 10_000 } as const;
    await expect(openClassifier({ backend, model, ...run })).rejects.toMatchObject({
      code: 'model_unsupported',
      message: `${file} gives [1, 3], not one float32 score for each of 2 labels`,
    });
  });
});
