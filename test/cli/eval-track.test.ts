import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { evalCommand } from '../../src/cli/eval.ts';
import { scratch } from '../fixtures/owned.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import { runCommand } from './capture-io.ts';

function standing(id: number, first: number, frames: number, leftPx = 0): string {
  return Array.from({ length: frames }, (_, index) => `${first + index},${id},${leftPx},0,10,20,1\n`).join(
    '',
  );
}

/** Ten frames of one object, tracked as 7, then after a gap of two frames as 8; another one is there all the time. */
async function setup(): Promise<{ gt: string; tracks: string }> {
  const folder = await scratch('eval-track');
  const [gt, tracks] = [join(folder, 'gt.txt'), join(folder, 'out.txt')];
  const other = standing(2, 1, 10, 100);
  writeFileSync(gt, standing(1, 1, 10) + other);
  writeFileSync(tracks, standing(7, 1, 4) + standing(8, 7, 4) + other);
  return { gt, tracks };
}

it('gives the metrics under TrackEval names', async () => {
  const { gt, tracks } = await setup();
  const { stdout } = await runCommand(evalCommand, ['track', '--gt', gt, '--tracks', tracks, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ IDSW: 1, Frag: 1, CLR_FN: 2, MOTA: 85, CLR_TP: 18 });
});

it('takes folders of sequences, and adds them up', async () => {
  const folder = await scratch('eval-track');
  for (const name of ['a', 'b']) {
    mkdirSync(join(folder, 'gt', name, 'gt'), { recursive: true });
    writeFileSync(join(folder, 'gt', name, 'gt', 'gt.txt'), standing(1, 1, 4));
  }
  mkdirSync(join(folder, 'out', 'data'), { recursive: true });
  writeFileSync(join(folder, 'out', 'a.txt'), standing(5, 1, 4));
  const args = ['track', '--gt', join(folder, 'gt'), '--tracks', join(folder, 'out'), '--json'];
  await expect(runCommand(evalCommand, args)).rejects.toThrow('there are no tracks of the sequence b');
  writeFileSync(join(folder, 'out', 'data', 'b.txt'), '');
  expect(JSON.parse((await runCommand(evalCommand, args)).stdout)).toMatchObject({
    CLR_TP: 4,
    CLR_FN: 4,
    sequences: { a: { HOTA: expect.closeTo(100) }, b: { HOTA: 0 } },
  });
  const table = await runCommand(evalCommand, args.slice(0, -1));
  expect(table.stdout).toMatch(/^all together /m);
});

it('refuses a file beside a folder, and what is not there', async () => {
  const { gt } = await setup();
  const run = (...args: string[]) => runCommand(evalCommand, ['track', '--gt', ...args]);
  await expect(run(gt, '--tracks', join(gt, '..'))).rejects.toMatchObject({ code: 'usage' });
  await expect(run(gt, '--tracks', '/nowhere.txt')).rejects.toMatchObject({ code: 'io_failed' });
});

it('reports the curves, and every switch and gap with its frame', async () => {
  const { gt, tracks } = await setup();
  const dir = await scratch('report');
  await runCommand(evalCommand, ['track', '--gt', gt, '--tracks', tracks, '--report', dir]);
  const page = readFileSync(join(dir, 'report.html'), 'utf8');
  expect(page).toMatch(/identity switch<\/th><td>7<\/td><td>1<\/td><td>7<\/td><td>8<\/td><td>3</);
  expect(page).toMatch(/fragmentation<\/th><td>7</);
  expect(page).not.toMatch(/<script|(src|href)="(?!data:)/i);
  const numbers = JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8'));
  expect(numbers.curves.hota).toHaveLength(19);
  expect(numbers.incidents.out).toHaveLength(2);
});

describeWithTestData('ocellus eval track', () => {
  it("has TrackEval's numbers of SORT over two benchmarks' sequences", async () => {
    const reference = JSON.parse(readFileSync(testData('mot', 'reference_metrics.json'), 'utf8'));
    const of = (...parts: string[]) => testData('mot', 'MOT15', 'TUD-Campus', ...parts);
    const { stdout } = await runCommand(evalCommand, [
      ...['track', '--json', '--gt', of('gt', 'gt.txt'), '--tracks', of('ref', 'sort.txt')],
    ]);
    const ours = JSON.parse(stdout) as Record<string, number>;
    for (const [name, value] of Object.entries<number>(reference.MOT15_SORT['TUD-Campus'])) {
      expect(Math.abs(ours[name]! - value), name).toBeLessThanOrEqual(0.1);
    }
  });
});
