import { afterAll, expect, it } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import type { Frame } from '../../src/flow/frame.ts';
import { i420Bytes } from '../../src/flow/frame.ts';
import { iou } from '../../src/flow/geometry.ts';
import { createBackend } from '../../src/infer/backends.ts';
import { type Detector, openDetector } from '../../src/infer/detector.ts';
import { readImage } from '../../src/infer/image.ts';
import type { RgbImage } from '../../src/infer/preprocess-rgb.ts';
import { SUSPICIOUS_AFTER_FRAMES } from '../../src/infer/score-watch.ts';
import { describeDetectionModel } from '../../src/models/detection-model.ts';
import { readModelSummary } from '../../src/models/onnx-file.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

/** The photo as a camera would give it: BT.601 full range, at its own size. */
function asFrame(image: RgbImage): Frame {
  const { data: rgb, widthPx, heightPx } = image;
  const data = new Uint8Array(new SharedArrayBuffer(i420Bytes(widthPx, heightPx)));
  const chromaWidth = (widthPx + 1) >> 1;
  const u = widthPx * heightPx;
  const v = u + chromaWidth * ((heightPx + 1) >> 1);
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const at = 3 * (y * widthPx + x);
      const [red, green, blue] = [rgb[at]!, rgb[at + 1]!, rgb[at + 2]!];
      const luma = 0.299 * red + 0.587 * green + 0.114 * blue;
      data[y * widthPx + x] = luma;
      const chroma = (y >> 1) * chromaWidth + (x >> 1);
      data[u + chroma] = Math.min(255, 128 + (blue - luma) / 1.772);
      data[v + chroma] = Math.min(255, 128 + (red - luma) / 1.402);
    }
  }
  return {
    cameraId: 'photo',
    seq: 1,
    data,
    widthPx,
    heightPx,
    source: { widthPx, heightPx },
    colour: { matrix: 'bt601', range: 'full' },
    times: { captureAtMs: 0, captureMonoMs: 0, decodedAtMs: 0 },
    release: () => {},
  };
}

describeWithTestData('Detector', () => {
  const open: Detector[] = [];

  async function detectorOf(file: string, onSuspicious?: (explanation: string) => void): Promise<Detector> {
    const detector = await openDetector({
      backend: await createBackend({ backend: 'auto' }),
      model: describeDetectionModel(readModelSummary(testData('models', file)), undefined, {}),
      clock: new SystemClock(),
      providers: ['cpu'],
      providerOptions: {},
      threads: 1,
      runTimeoutMs: 30_000,
      ...(onSuspicious === undefined ? {} : { onSuspicious }),
    });
    open.push(detector);
    return detector;
  }

  afterAll(async () => {
    for (const detector of open) await detector.close(5_000);
  });

  it('sees the same objects in a photo and in a camera frame of it, in source pixels', async () => {
    const detector = await detectorOf('coco/yolox_nano_416.onnx');
    const photo = await readImage(testData('coco', 'demo', 'dog.jpg'));
    const { detections } = await detector.detectImage(photo);
    expect(detections.map(({ label }) => label).sort()).toEqual(['bicycle', 'car', 'dog']);
    const dog = detections.find(({ label }) => label === 'dog')!;
    expect(dog.classId).toBe(16);
    expect(iou(dog.boxPx, [131, 220, 310, 541])).toBeGreaterThan(0.8);
    const frame = await detector.detect(asFrame(photo));
    for (const seen of detections) {
      const same = frame.detections.find(({ classId }) => classId === seen.classId);
      expect(iou(same?.boxPx ?? [0, 0, 0, 0], seen.boxPx), seen.label).toBeGreaterThan(0.85);
    }
    expect(detector.health).toBe('ok');
    expect(detector.provider).toBe('cpu');
  });

  it('reports a model without a score above zero once, after its first frames', async () => {
    // Loading refuses this one by its graph; others are only found out by what they give.
    const heard: string[] = [];
    const detector = await detectorOf('broken/yolov8n_qdq_allzero_scores_640.onnx', (text) =>
      heard.push(text),
    );
    const photo = await readImage(testData('coco', 'demo', 'dog.jpg'));
    for (let i = 1; i < SUSPICIOUS_AFTER_FRAMES; i++) await detector.detectImage(photo);
    expect([detector.health, heard]).toEqual(['unknown', []]);
    await detector.detectImage(photo);
    await detector.detectImage(photo);
    expect(detector.health).toBe('suspicious');
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatch(
      /gave no score above zero on 10 pictures; .*quantized with boxes and scores in one tensor/,
    );
  });

  it('names the photo that cannot be decoded', async () => {
    const path = testData('models', 'coco', 'yolox_nano_416.onnx');
    await expect(readImage(path)).rejects.toMatchObject({
      code: 'image_unreadable',
      message: expect.stringContaining(`cannot decode the image ${path}: `),
    });
    await expect(readImage('/nowhere/a.jpg')).rejects.toMatchObject({
      code: 'image_unreadable',
      message: expect.stringContaining('cannot read the image /nowhere/a.jpg: ENOENT'),
    });
  });
});
