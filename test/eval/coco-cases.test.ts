import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { evaluateCocoBoxes, type MaxDetections } from '../../src/eval/coco-ap.ts';
import { selectTruth } from '../../src/eval/coco-selection.ts';
import type { CocoAnnotations, CocoResult } from '../../src/eval/coco-types.ts';

interface Case {
  readonly truth: CocoAnnotations;
  readonly results: CocoResult[];
  readonly maxDetections: MaxDetections;
  readonly imageIds: readonly number[] | null;
  readonly categoryIds: readonly number[] | null;
  /** pycocotools' twelve numbers. */
  readonly stats: readonly number[];
}

/** Made by `random_cases.py` beside it, which says how to make thousands. */
const shipped = fileURLToPath(new URL('pycocotools/cases.jsonl', import.meta.url));
const cases = readFileSync(process.env.OCELLUS_COCO_CASES ?? shipped, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

/** What is left is the order in which the means are added up. */
const TOLERANCE = 1e-12;

test('random problems with crowds, ties, strange boxes and parts left out have the numbers of pycocotools', () => {
  expect(cases.length).toBeGreaterThan(0);
  for (const [index, { truth, results, maxDetections, imageIds, categoryIds, stats }] of cases.entries()) {
    const selected = selectTruth(truth, imageIds ?? undefined, categoryIds ?? undefined);
    const ours = evaluateCocoBoxes(selected, results, maxDetections).stats;
    const difference = Math.max(...stats.map((value, i) => Math.abs(value - ours[i]!)));
    expect(difference, `case ${index}: ${ours} instead of ${stats}`).toBeLessThan(TOLERANCE);
  }
}, 300_000);
