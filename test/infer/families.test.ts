import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import { collectGarbage } from '../../src/bench/collect-garbage.ts';
import { i420Bytes } from '../../src/flow/frame.ts';
import type { InferenceBackend } from '../../src/infer/backend.ts';
import { createBackend } from '../../src/infer/backends.ts';
import { type Detector, openDetector } from '../../src/infer/detector.ts';
import { describeDetectionModel } from '../../src/models/detection-model.ts';
import { manifestSchema } from '../../src/models/manifest.ts';
import { readModelSummary } from '../../src/models/onnx-file.ts';
import { type FamilyModel, familyModels, OBJECTS, SIZE_PX } from '../fixtures/family-models.ts';
import { writeOnnx } from '../fixtures/tiny-onnx.ts';

const files: string[] = [];
const open: Detector[] = [];

afterEach(async () => {
  for (const detector of open.splice(0)) await detector.close(5_000);
  for (const file of files.splice(0)) rmSync(dirname(file), { recursive: true });
});

function described({ graph, manifest }: FamilyModel) {
  const file = writeOnnx('tiny', graph);
  files.push(file);
  const known = manifest === undefined ? undefined : manifestSchema.parse({ id: 'tiny', ...manifest });
  return describeDetectionModel(readModelSummary(file), known, {});
}

/** A picture of one grey level. */
function picture(level: number) {
  return { data: new Uint8Array(3 * SIZE_PX * SIZE_PX).fill(level), widthPx: SIZE_PX, heightPx: SIZE_PX };
}

const named = (models: readonly FamilyModel[]) =>
  models.map((model, i) => [`${model.decoder} (${i})`, model] as const);

describe.each(['ort-c-api', 'onnxruntime-node'] as const)('%s', (name) => {
  let backend: InferenceBackend;
  beforeAll(async () => {
    backend = await createBackend({ backend: name });
  });

  async function detectorOf(model: FamilyModel): Promise<Detector> {
    const detector = await openDetector({
      ...{
        backend,
        model: described(model),
        clock: new SystemClock(),
        providers: ['cpu'],
        providerOptions: {},
      },
      ...{ threads: 1, runTimeoutMs: 20_000 },
    });
    open.push(detector);
    return detector;
  }

  test.each(named(familyModels()))('%s finds both objects, in pixels of the picture', async (_, model) => {
    const detector = await detectorOf(model);
    const { detections } = await detector.detectImage(picture(0));
    expect(detections.map(({ classId }) => classId)).toEqual(model.classIds);
    OBJECTS.forEach(({ boxPx, score }, i) => {
      expect(detections[i]!.score).toBeCloseTo(score, 4);
      boxPx.forEach((value, side) => {
        expect(detections[i]!.boxPx[side]).toBeCloseTo(value, 3);
      });
    });
    expect(detector.health).toBe('ok');
  });

  test.each(named(familyModels().filter(({ decoder }) => ['torchvision', 'tf-od'].includes(decoder))))(
    '%s sees frames of a camera too',
    async (_, model) => {
      const detector = await detectorOf(model);
      const data = new Uint8Array(new SharedArrayBuffer(i420Bytes(SIZE_PX, SIZE_PX))).fill(128);
      const counts: number[] = [];
      for (const luma of [0, 170, 255]) {
        data.fill(luma, 0, SIZE_PX * SIZE_PX);
        const { detections } = await detector.detect({
          ...{ cameraId: 'grey', seq: 1, data, widthPx: SIZE_PX, heightPx: SIZE_PX },
          source: { widthPx: SIZE_PX, heightPx: SIZE_PX },
          colour: { matrix: 'bt601', range: 'full' },
          times: { captureAtMs: 0, captureMonoMs: 0, decodedAtMs: 0 },
          release: () => {},
        });
        counts.push(detections.length);
      }
      expect(counts).toEqual([2, 1, 0]);
    },
  );

  test.each(named(familyModels(4).filter(({ decoder }) => ['yolo-nas', 'detr'].includes(decoder))))(
    '%s of four classes: values tell boxes from scores, in whatever order',
    async (_, model) => {
      const [first, second] = model.graph.outputs;
      for (const outputs of [
        [first!, second!],
        [second!, first!],
      ]) {
        const detector = await detectorOf({ ...model, graph: { ...model.graph, outputs } });
        const { detections } = await detector.detectImage(picture(0));
        expect(detections).toHaveLength(2);
        expect(detections[0]!.boxPx[2]).toBeCloseTo(OBJECTS[0].boxPx[2], 3);
        expect(detections[0]!.classId).toBe(model.classIds[0]);
      }
    },
  );

  it('tf-od: whole numbers are classes, in whatever order', async () => {
    const model = familyModels().find(({ decoder }) => decoder === 'tf-od')!;
    const [a, b, c, d] = model.graph.outputs;
    const detector = await detectorOf({ ...model, graph: { ...model.graph, outputs: [a!, c!, b!, d!] } });
    const { detections } = await detector.detectImage(picture(0));
    expect(detections.map(({ classId, label }) => [classId, label])).toEqual([
      [2, 'bicycle'],
      [1, 'person'],
    ]);
  });

  test.each(
    named(familyModels().filter(({ decoder }) => ['torchvision', 'detectron2', 'tf-od'].includes(decoder))),
  )('%s: lists of any length, none too, which is no sign of a silent model', async (_, model) => {
    const detector = await detectorOf(model);
    const counts: number[] = [];
    for (const level of [0, 170, 255, 0, 255]) {
      const { detections } = await detector.detectImage(picture(level));
      counts.push(detections.length);
    }
    expect(counts).toEqual([2, 1, 0, 2, 0]);
    const empty = await detectorOf(model);
    for (let i = 0; i < 12; i++) await empty.detectImage(picture(255));
    // The warm-up saw a black picture, but is not observed.
    expect(empty.health).toBe('unknown');
  });

  it('keeps its memory over outputs of ever changing length', async () => {
    const model = familyModels().find(({ decoder }) => decoder === 'torchvision')!;
    const detector = await detectorOf(model);
    const run = async (times: number) => {
      for (let i = 0; i < times; i++) await detector.detectImage(picture([0, 170, 255][i % 3]!));
    };
    const settled = async () => {
      // What nobody refers to is freed in its own time: the least of a few looks is what is held.
      const looks: number[] = [];
      for (let i = 0; i < 5; i++) {
        await run(30);
        collectGarbage();
        looks.push(process.memoryUsage().arrayBuffers);
      }
      return Math.min(...looks);
    };
    const before = await settled();
    await run(3_000);
    // Three runs give lists of three detections of 28 bytes: 84,000 bytes, if all were kept.
    expect((await settled()) - before).toBeLessThan(32 * 1024);
  }, 60_000);
});
