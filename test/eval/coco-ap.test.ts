import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { evaluateCocoBoxes } from '../../src/eval/coco-ap.ts';
import { readCocoAnnotations, readCocoResults } from '../../src/eval/coco-types.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

describeWithTestData('COCO box evaluation', () => {
  it("gives pycocotools' twelve numbers on the COCO API's own example", () => {
    const folder = (name: string) => testData('coco', 'cocoapi_eval', name);
    const expected = JSON.parse(readFileSync(folder('expected.json'), 'utf8')) as Record<
      string,
      { pycocotools_full_precision: number[] }
    >;
    const [reference] = Object.values(expected);
    const { stats } = evaluateCocoBoxes(
      readCocoAnnotations(folder('instances_val2014_100.json')),
      readCocoResults(folder('instances_val2014_fakebbox100_results.json')),
    );
    expect(stats).toHaveLength(12);
    stats.forEach((value, i) => {
      expect(value, `stats[${i}]`).toBeCloseTo(reference!.pycocotools_full_precision[i]!, 6);
    });
  });
});
