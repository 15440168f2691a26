import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { evalCommand } from '../../src/cli/eval.ts';
import { scratch } from '../fixtures/owned.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import { runCommand } from './capture-io.ts';

const truth = {
  images: [
    { id: 1, file_name: 'one.jpg', width: 64, height: 48 },
    { id: 2, file_name: 'two.jpg', width: 64, height: 48 },
  ],
  categories: [
    { id: 1, name: 'person' },
    { id: 3, name: 'airplane' },
  ],
  annotations: [
    { id: 1, image_id: 1, category_id: 1, bbox: [5, 5, 20, 20], area: 400, iscrowd: 0 },
    { id: 2, image_id: 2, category_id: 3, bbox: [10, 10, 30, 20], area: 600 },
  ],
};

async function setup(predictions: string): Promise<string[]> {
  const folder = await scratch('eval');
  writeFileSync(join(folder, 'truth.json'), JSON.stringify(truth));
  writeFileSync(join(folder, 'found.json'), predictions);
  return ['detect', '--annotations', join(folder, 'truth.json'), '--predictions', join(folder, 'found.json')];
}

const coco = JSON.stringify([
  { image_id: 1, category_id: 1, bbox: [5, 5, 20, 20], score: 0.9 },
  { image_id: 2, category_id: 1, bbox: [10, 10, 30, 20], score: 0.8 },
]);
const lines = [
  { image: '/photos/one.jpg', detections: [{ label: 'person', score: 0.9, boxPx: [5, 5, 25, 25] }] },
  {
    image: 'two.png',
    detections: [
      { label: 'aeroplane', score: 0.8, boxPx: [10, 10, 40, 30] },
      { label: 'kite', score: 0.7, boxPx: [0, 0, 5, 5] },
    ],
  },
]
  .map((line) => JSON.stringify(line))
  .join('\n');

describe('ocellus eval detect --predictions', () => {
  it('gives the twelve numbers, those of VOC, and those of each class', async () => {
    const { stdout, stderr } = await runCommand(evalCommand, [...(await setup(coco)), '--json']);
    const result = JSON.parse(stdout);
    expect(stderr).toBe('');
    expect(result.stats).toHaveLength(12);
    // The person is found, the airplane is not.
    expect(result).toMatchObject({
      ap: expect.closeTo(0.5),
      ap50: expect.closeTo(0.5),
      photos: 2,
      detections: 2,
      voc: { ap50: 0.5 },
    });
    expect(result.classes).toMatchObject([
      { name: 'person', objects: 1, detections: 2, ap: expect.closeTo(1) },
      { name: 'airplane', objects: 1, detections: 0, ap: 0, vocAp50: 0 },
    ]);
  });

  it("reads what ocellus detect wrote, in VOC's words too, and names labels that nothing is known of", async () => {
    const { stdout, stderr } = await runCommand(evalCommand, [...(await setup(lines)), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ ap: expect.closeTo(1), unknownLabels: ['kite'] });
    expect(stderr).toBe('ocellus: left out, as the annotations have no such class: kite\n');
  });

  it('evaluates only the classes that are asked for', async () => {
    const { stdout } = await runCommand(evalCommand, [
      ...(await setup(coco)),
      '--classes',
      'person',
      '--json',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ ap: expect.closeTo(1), classes: [{ name: 'person' }] });
  });

  it('is a table for people', async () => {
    const { stdout } = await runCommand(evalCommand, await setup(coco));
    expect(stdout).toMatch(/^AP +IoU 0\.50:0\.95 +50\.0$/m);
    expect(stdout).toMatch(/^person +1 +100\.0/m);
  });

  it.each([
    [
      'a photo that is not annotated',
      JSON.stringify([{ image_id: 9, category_id: 1, bbox: [0, 0, 1, 1], score: 1 }]),
      'image_id 9',
    ],
    ['a line about one', JSON.stringify({ image: 'x.jpg', detections: [] }), 'line 1 is about x.jpg'],
    ['no result file', '[{"image_id": 1}]', 'does not hold COCO results'],
    ['no JSON', 'nothing', 'is not JSON'],
  ])('refuses %s', async (_, text, message) => {
    await expect(runCommand(evalCommand, await setup(text))).rejects.toThrow(message);
  });

  it.each([
    ['neither model nor predictions', []],
    ['a model without photos', ['--model', 'x.onnx']],
  ])('refuses %s', async (_, args) => {
    const [command, flag, file] = await setup('[]');
    await expect(runCommand(evalCommand, [command!, flag!, file!, ...args])).rejects.toMatchObject({
      code: 'usage',
    });
  });
});

it('reads Pascal VOC folders, whose classes have names of their own', async () => {
  const folder = await scratch('eval-voc');
  const box = '<bndbox><xmin>11</xmin><ymin>11</ymin><xmax>40</xmax><ymax>30</ymax></bndbox>';
  const text = `<annotation><filename>two.jpg</filename><object><name>aeroplane</name>${box}</object></annotation>`;
  writeFileSync(join(folder, 'two.xml'), text);
  const detection = { label: 'airplane', score: 0.8, boxPx: [10, 10, 40, 30] };
  writeFileSync(join(folder, 'found.ndjson'), JSON.stringify({ image: 'two.jpg', detections: [detection] }));
  const args = ['detect', '--annotations', folder, '--predictions', join(folder, 'found.ndjson'), '--json'];
  expect(JSON.parse((await runCommand(evalCommand, args)).stdout)).toMatchObject({
    ap: expect.closeTo(1),
    voc: { ap50: 1, ap50Points11: 1 },
    classes: [{ name: 'aeroplane' }],
  });
});

describe('--report', () => {
  it('is one page that loads nothing and runs nothing, with the photos in it', async () => {
    const args = await setup(coco);
    const folder = await scratch('report');
    const grey = { create: { width: 64, height: 48, channels: 3 as const, background: '#888' } };
    await sharp(grey).jpeg().toFile(join(folder, 'two.jpg'));
    const { stderr } = await runCommand(evalCommand, [
      ...args,
      '--images',
      folder,
      '--report',
      join(folder, 'out'),
    ]);
    const page = readFileSync(join(folder, 'out', 'report.html'), 'utf8');
    expect(stderr).toContain('report.html');
    expect(page).not.toMatch(/<script|(src|href)="(?!data:)|url\(|@import/i);
    expect(page).toContain("default-src 'none'");
    for (const heading of ['Numbers', 'Precision and recall', 'Confusion matrix', 'Scores', 'Worst photos']) {
      expect(page).toContain(`<h2>${heading}</h2>`);
    }
    expect(page).toMatch(
      /<img src="data:image\/jpeg;base64,[^"]+" width="64" height="48" alt="two\.jpg with true/,
    );
    expect(page).toContain('airplane as person');
    expect(JSON.parse(readFileSync(join(folder, 'out', 'report.json'), 'utf8')).stats).toHaveLength(12);
  });

  it('names a photo that it cannot show, and lets no name become markup', async () => {
    const args = await setup(coco);
    const file = args[2]!;
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('airplane', '<b>plane</b>'));
    const folder = await scratch('report');
    copyFileSync(file, join(folder, 'two.jpg'));
    await runCommand(evalCommand, [...args, '--images', folder, '--report', folder]);
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toContain('cannot show it');
    expect(page).not.toContain('<b>plane');
  });
});

describeWithTestData('ocellus eval detect', () => {
  it("gives pycocotools' twelve numbers on the COCO API's own example", async () => {
    const folder = (name: string) => testData('coco', 'cocoapi_eval', name);
    const { stdout } = await runCommand(evalCommand, [
      ...['detect', '--json', '--annotations', folder('instances_val2014_100.json')],
      ...['--predictions', folder('instances_val2014_fakebbox100_results.json')],
    ]);
    const expected = JSON.parse(readFileSync(folder('expected.json'), 'utf8')) as Record<
      string,
      { pycocotools_full_precision: number[] }
    >;
    const reference = Object.values(expected)[0]!.pycocotools_full_precision;
    const { stats } = JSON.parse(stdout) as { stats: number[] };
    stats.forEach((value, i) => {
      expect(Math.abs(value - reference[i]!), `stats[${i}]`).toBeLessThan(1e-9);
    });
  });
});
