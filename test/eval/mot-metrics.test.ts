import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseMotRows } from '../../src/eval/mot-file.ts';
import {
  combineMot,
  countMot,
  type MotCounts,
  type MotMetrics,
  motMetrics,
} from '../../src/eval/mot-metrics.ts';
import { preprocessMotChallenge } from '../../src/eval/mot-preprocess.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

type Reference = Record<string, Record<string, MotMetrics>>;

function countFiles(gtFile: string, tracksFile: string): MotCounts {
  const rowsOf = (file: string) => parseMotRows(readFileSync(file, 'utf8'), file);
  return countMot(preprocessMotChallenge(rowsOf(gtFile), rowsOf(tracksFile)));
}

function expectReference(counts: MotCounts, reference: MotMetrics): void {
  const metrics = motMetrics(counts);
  for (const name of Object.keys(reference) as (keyof MotMetrics)[]) {
    expect(
      Math.abs(metrics[name] - reference[name]),
      `${name}: ${metrics[name]}, reference ${reference[name]}`,
    ).toBeLessThanOrEqual(0.1);
  }
  expect(Object.keys(reference)).toEqual(Object.keys(metrics));
}

describeWithTestData('MOT metrics against TrackEval', () => {
  const reference = JSON.parse(readFileSync(testData('mot', 'reference_metrics.json'), 'utf8'));

  for (const benchmark of ['MOT15', 'MOT17']) {
    const sequences = readdirSync(testData('mot', benchmark));
    for (const sequence of sequences) {
      it(`gives TrackEval's numbers for SORT on ${sequence}`, () => {
        const folder = testData('mot', benchmark, sequence);
        const counts = countFiles(`${folder}/gt/gt.txt`, `${folder}/ref/sort.txt`);
        expectReference(counts, (reference as Reference)[`${benchmark}_SORT`]![sequence]!);
      });
    }
  }

  it("gives TrackEval's numbers for two sequences combined", () => {
    const counts = ['TUD-Campus', 'TUD-Stadtmitte'].map((sequence) =>
      countFiles(
        testData('mot', 'MOT15', sequence, 'gt', 'gt.txt'),
        testData('mot', 'pymotmetrics_reference', `${sequence}.tracker.txt`),
      ),
    );
    const expected = reference.pymotmetrics_reference.TrackEval as Record<string, MotMetrics>;
    expectReference(counts[0]!, expected['TUD-Campus']!);
    expectReference(counts[1]!, expected['TUD-Stadtmitte']!);
    expectReference(combineMot(counts), expected.COMBINED_SEQ!);
  });
});
