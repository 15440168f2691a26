import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { type CocoStats, evaluateCocoBoxes } from '../../src/eval/coco-ap.ts';
import { type CocoResult, readCocoAnnotations } from '../../src/eval/coco-types.ts';
import type { Detection } from '../../src/flow/detection.ts';
import { runProgram } from '../fixtures/program.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

interface Line {
  readonly image: string;
  readonly detections: readonly Detection[];
}

/** AP may differ from the reference by 0.3 points: other photo decoders and other CPUs' integer arithmetic. */
const TOLERANCE = 0.003;

describeWithTestData('ocellus detect on COCO val2017', () => {
  const truth = readCocoAnnotations(testData('coco', 'annotations', 'instances_val2017_subset.json'));
  const imageIds = new Map(truth.images.map(({ file_name, id }) => [file_name, id]));
  const classIds = new Map(truth.categories.map(({ name, id }) => [name, id]));
  const reference = JSON.parse(readFileSync(testData('coco', 'reference_ap.json'), 'utf8')) as {
    models: Record<string, { stats12: number[] }>;
  };
  const photos = readdirSync(testData('coco', 'val2017')).map((name) => testData('coco', 'val2017', name));

  function asResults(lines: readonly Line[]): CocoResult[] {
    return lines.flatMap(({ image, detections }) =>
      detections.map(({ label, score, boxPx: [x1, y1, x2, y2] }) => ({
        image_id: imageIds.get(basename(image))!,
        category_id: classIds.get(label)!,
        bbox: [x1, y1, x2 - x1, y2 - y1] as [number, number, number, number],
        score,
      })),
    );
  }

  async function evaluate(model: string): Promise<{ stats: CocoStats; lines: Line[] }> {
    const { status, stdout, stderr } = await runProgram([
      ...['detect', ...photos, '--model', testData('models', model)],
      ...['--score', '0.001', '--json', '--threads', '2'],
    ]);
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    return { stats: evaluateCocoBoxes(truth, asResults(lines)), lines };
  }

  test.each([
    'coco/yolox_nano_416.onnx',
    'coco/yolov8n_qdq_640.onnx',
    'coco/yolo11n_dynint8_320.onnx',
    'coco/yolo26n_dynint8_e2e_640.onnx',
  ])('%s has the AP of the reference', async (model) => {
    const { stats, lines } = await evaluate(model);
    expect(lines.map(({ image }) => image)).toEqual(photos);
    const [ap] = reference.models[model]!.stats12;
    expect(Math.abs(stats.ap - ap!), `AP ${stats.ap}, reference ${ap}`).toBeLessThan(TOLERANCE);
    expect(Math.max(...lines.map(({ detections }) => detections.length))).toBeLessThanOrEqual(100);
    for (const { detections } of lines) {
      const scores = detections.map(({ score }) => score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
    }
  });
});
