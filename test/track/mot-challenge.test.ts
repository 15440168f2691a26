import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { trackDetections } from '../../src/cli/track-detections.ts';
import { parseMotRows } from '../../src/eval/mot-file.ts';
import {
  combineMot,
  countMot,
  type MotCounts,
  type MotMetrics,
  motMetrics,
} from '../../src/eval/mot-metrics.ts';
import { preprocessMotChallenge } from '../../src/eval/mot-preprocess.ts';
import { MOT15_SEQUENCES, MOT17_SEQUENCES, readMotSequence } from '../fixtures/mot-sequences.ts';
import { describeWithTestData } from '../fixtures/test-data.ts';

/** Seconds of arithmetic; a loaded machine may take much longer. */
const TIMEOUT_MS = 90_000;

describeWithTestData('The tracker against SORT, on the same detections', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ocellus-mot-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function compare(benchmark: 'MOT15' | 'MOT17', sequences: readonly string[]) {
    const ours: MotCounts[] = [];
    const sorts: MotCounts[] = [];
    for (const sequence of sequences) {
      const { gt, sort, detectionsFile, fps } = readMotSequence(benchmark, sequence);
      const out = join(folder, `${sequence}.txt`);
      await trackDetections({ detections: detectionsFile, fps, out });
      const tracked = parseMotRows(readFileSync(out, 'utf8'), out);
      ours.push(countMot(preprocessMotChallenge(gt, tracked)));
      sorts.push(countMot(preprocessMotChallenge(gt, sort)));
    }
    return { ours: motMetrics(combineMot(ours)), sort: motMetrics(combineMot(sorts)) };
  }

  function expectBetter(ours: MotMetrics, sort: MotMetrics): void {
    expect(ours.MOTA).toBeGreaterThan(sort.MOTA);
    expect(ours.HOTA).toBeGreaterThan(sort.HOTA);
    expect(ours.IDF1).toBeGreaterThanOrEqual(sort.IDF1 + 4);
    expect(ours.IDSW).toBeLessThan(sort.IDSW);
  }

  it(
    'is better on MOT15, by 4 points of IDF1',
    async () => {
      const { ours, sort } = await compare('MOT15', MOT15_SEQUENCES);
      expectBetter(ours, sort);
    },
    TIMEOUT_MS,
  );

  it(
    'is better on MOT17, by 4 points of IDF1',
    async () => {
      const { ours, sort } = await compare('MOT17', MOT17_SEQUENCES);
      expectBetter(ours, sort);
    },
    TIMEOUT_MS,
  );
});
