import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runProgram } from '../fixtures/program.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

/** A tenth of a point of AP. */
const TOLERANCE = 0.001;
/** Its reference maps boxes back by one ratio for both sides, not by what each was scaled by; that costs it 0.10 points. */
const YOLOX_TOLERANCE = 0.0012;
/** What its reference was resized and rounded with is not known: the same scores move by less than a fifth of a point. */
const NANODET_TOLERANCE = 0.002;

/** The floor of scores that each reference was taken with. */
const MODELS: readonly (readonly [model: string, score: number, tolerance: number])[] = [
  ['coco/yolox_nano_416.onnx', 0.001, YOLOX_TOLERANCE],
  ['coco/yolov8n_qdq_640.onnx', 0.001, TOLERANCE],
  ['coco/yolov8n_dynint8_640.onnx', 0.001, TOLERANCE],
  ['coco/yolo11n_dynint8_320.onnx', 0.001, TOLERANCE],
  ['coco/yolo26n_dynint8_e2e_640.onnx', 0.001, TOLERANCE],
  ['coco/nanodet_m_416.onnx', 0.01, NANODET_TOLERANCE],
  ['coco/yolo_fastestv2_352.onnx', 0.01, TOLERANCE],
];

describeWithTestData('ocellus eval detect on COCO val2017', () => {
  const reference = JSON.parse(readFileSync(testData('coco', 'reference_ap.json'), 'utf8')) as {
    models: Record<string, { stats12: number[] }>;
  };

  test.each(MODELS)('%s has the AP of the reference', async (model, score, tolerance) => {
    const { status, stdout, stderr } = await runProgram([
      ...['eval', 'detect', '--json', '--threads', '2', '--score', String(score)],
      ...['--annotations', testData('coco', 'annotations', 'instances_val2017_subset.json')],
      ...['--images', testData('coco', 'val2017'), '--model', testData('models', model)],
    ]);
    expect([status, stderr]).toEqual([0, '']);
    const { stats, photos } = JSON.parse(stdout) as { stats: number[]; photos: number };
    expect(photos).toBe(207);
    const [ap] = reference.models[model]!.stats12;
    expect(Math.abs(stats[0]! - ap!), `AP ${stats[0]}, reference ${ap}`).toBeLessThan(tolerance);
  });
});
