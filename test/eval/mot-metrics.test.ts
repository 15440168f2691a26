import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseMotRows } from '../../src/eval/mot-file.ts';
import {
  combineMot,
  countMot,
  type MotCounts,
  type MotMetrics,
  motMetrics,
} from '../../src/eval/mot-metrics.ts';
import { preprocessMotChallenge } from '../../src/eval/mot-preprocess.ts';
import { MOT15_SEQUENCES, MOT17_SEQUENCES } from '../fixtures/mot-sequences.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

function countText(gt: string, tracked: string): MotCounts {
  return countMot(preprocessMotChallenge(parseMotRows(gt, 'gt.txt'), parseMotRows(tracked, 'tracks.txt')));
}

/** `frames` lines of one standing box, from frame `first`. */
function standing(id: number, first: number, frames: number, leftPx = 0, suffix = '1'): string {
  return Array.from(
    { length: frames },
    (_, index) => `${first + index},${id},${leftPx},0,10,20,${suffix}\n`,
  ).join('');
}

describe('MOT metrics, by hand', () => {
  it('gives full marks to tracks that equal the ground truth', () => {
    const gt = standing(1, 1, 10) + standing(2, 3, 5, 100);
    const metrics = motMetrics(countText(gt, gt));
    expect(metrics).toMatchObject({ HOTA: 100, DetA: 100, AssA: 100, LocA: 100, MOTA: 100, IDF1: 100 });
    expect(metrics).toMatchObject({ CLR_TP: 15, IDSW: 0, MT: 2, Frag: 0 });
  });

  it('halves the association of an object that changes its id half way', () => {
    const metrics = motMetrics(countText(standing(1, 1, 10), standing(7, 1, 5) + standing(8, 6, 5)));
    expect(metrics.DetA).toBeCloseTo(100);
    expect(metrics.AssA).toBeCloseTo(50);
    expect(metrics.HOTA).toBeCloseTo(100 * Math.sqrt(0.5));
    expect(metrics.IDF1).toBeCloseTo(50);
    expect(metrics.IDSW).toBe(1);
    expect(metrics.MOTA).toBeCloseTo(90);
  });

  it('counts a gap as misses and a fragmentation, not as a switch', () => {
    const other = standing(2, 1, 10, 100);
    const tracked = standing(7, 1, 4) + standing(7, 7, 4) + other;
    const metrics = motMetrics(countText(standing(1, 1, 10) + other, tracked));
    expect(metrics).toMatchObject({ CLR_FN: 2, Frag: 1, IDSW: 0, PT: 1, MT: 1 });
  });

  it('neither rewards nor punishes what the ground truth marks 0', () => {
    const gt = standing(1, 1, 4) + standing(2, 1, 4, 100, '0');
    expect(motMetrics(countText(gt, standing(1, 1, 4)))).toMatchObject({ CLR_TP: 4, CLR_FN: 0, CLR_FP: 0 });
  });

  it.each([
    [2, 0, 'a person on a vehicle is a distractor'],
    [7, 0, 'a standing person is a distractor'],
    [8, 0, 'a mannequin is a distractor'],
    [12, 0, 'a reflection is a distractor'],
    [3, 4, 'a car is neither a pedestrian nor excused'],
  ])('of class %i, %i tracked boxes are wrong: %s', (classId, falsePositives) => {
    const gt = standing(1, 1, 4, 0, '1,1,1') + standing(2, 1, 4, 100, `0,${classId},1`);
    const metrics = motMetrics(countText(gt, standing(1, 1, 4) + standing(2, 1, 4, 100)));
    expect(metrics).toMatchObject({ CLR_TP: 4, CLR_FP: falsePositives });
  });

  it.each([
    ['no tracks', standing(1, 1, 3), '', { MOTA: 0, HOTA: 0, CLR_FN: 3, ML: 1 }],
    ['no ground truth', '', standing(1, 1, 3), { MOTA: -300, HOTA: 0, CLR_FP: 3 }],
    ['nothing at all', '', '', { MOTA: 0, HOTA: 0, IDF1: 0 }],
  ])('has numbers for %s', (_, gt, tracked, expected) => {
    const metrics = motMetrics(countText(gt, tracked));
    expect(metrics).toMatchObject(expected);
    for (const value of Object.values(metrics)) expect(value).not.toBeNaN();
  });

  it('refuses an id that occurs twice in a frame', () => {
    const twice = standing(1, 1, 1) + standing(1, 1, 1, 50);
    expect(() => countText(standing(1, 1, 1), twice)).toThrow('tracks, line 2: id 1 occurs twice in frame 1');
  });
});

function countFiles(gtFile: string, tracksFile: string): MotCounts {
  return countText(readFileSync(gtFile, 'utf8'), readFileSync(tracksFile, 'utf8'));
}

function expectReference(counts: MotCounts, reference: MotMetrics): void {
  const metrics = motMetrics(counts);
  expect(Object.keys(metrics)).toEqual(Object.keys(reference));
  for (const [name, value] of Object.entries(reference)) {
    const ours = metrics[name as keyof MotMetrics];
    expect(Math.abs(ours - value), `${name}: ${ours}, reference ${value}`).toBeLessThanOrEqual(0.1);
  }
}

function reference(): Record<string, Record<string, MotMetrics>> {
  return JSON.parse(readFileSync(testData('mot', 'reference_metrics.json'), 'utf8'));
}

describeWithTestData('MOT metrics against TrackEval', () => {
  const sequences = [
    ...MOT15_SEQUENCES.map((sequence) => ['MOT15', sequence] as const),
    ...MOT17_SEQUENCES.map((sequence) => ['MOT17', sequence] as const),
  ];
  it.each(sequences)("gives TrackEval's numbers for SORT on %s %s", (benchmark, sequence) => {
    const file = (...parts: string[]) => testData('mot', benchmark, sequence, ...parts);
    const counts = countFiles(file('gt', 'gt.txt'), file('ref', 'sort.txt'));
    expectReference(counts, reference()[`${benchmark}_SORT`]![sequence]!);
  });

  it("gives TrackEval's numbers for two sequences combined", () => {
    const counts = ['TUD-Campus', 'TUD-Stadtmitte'].map((sequence) =>
      countFiles(
        testData('mot', 'MOT15', sequence, 'gt', 'gt.txt'),
        testData('mot', 'pymotmetrics_reference', `${sequence}.tracker.txt`),
      ),
    );
    const expected = reference().pymotmetrics_reference!.TrackEval as unknown as Record<string, MotMetrics>;
    expectReference(counts[0]!, expected['TUD-Campus']!);
    expectReference(counts[1]!, expected['TUD-Stadtmitte']!);
    expectReference(combineMot(counts), expected.COMBINED_SEQ!);
  });
});
