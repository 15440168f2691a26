import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CocoAnnotations, CocoResult } from '../../src/eval/coco-types.ts';
import { readVocAnnotations } from '../../src/eval/voc-annotations.ts';
import { evaluateVocBoxes } from '../../src/eval/voc-ap.ts';
import { parseXml } from '../../src/eval/xml-tree.ts';
import { scratch } from '../fixtures/owned.ts';

const ANNOTATION = `<?xml version="1.0"?>
<!-- made by hand -->
<annotation>
  <filename>street.jpg</filename>
  <size><width>500</width><height>375</height><depth>3</depth></size>
  <object>
    <name>person</name><difficult>0</difficult>
    <bndbox><xmin>1</xmin><ymin>11</ymin><xmax>10</xmax><ymax>30</ymax></bndbox>
    <part><name>head</name><bndbox><xmin>2</xmin><ymin>12</ymin><xmax>5</xmax><ymax>15</ymax></bndbox></part>
  </object>
  <object>
    <name>car</name><difficult>1</difficult>
    <bndbox><xmin>101.0</xmin><ymin>101</ymin><xmax>200</xmax><ymax>150</ymax></bndbox>
  </object>
</annotation>`;

function photos(count: number, annotations: CocoAnnotations['annotations']): CocoAnnotations {
  const images = Array.from({ length: count }, (_, i) => ({ id: i + 1 }));
  return { images, categories: [{ id: 1, name: 'person' }], annotations };
}

/** A person of 10x10 at `left` of a photo. */
function person(image_id: number, left: number, difficult = false): CocoAnnotations['annotations'][number] {
  const bbox: [number, number, number, number] = [left, 0, 10, 10];
  return { id: image_id * 1000 + left, image_id, category_id: 1, bbox, area: 100, iscrowd: 0, difficult };
}

function found(image_id: number, left: number, score: number): CocoResult {
  return { image_id, category_id: 1, bbox: [left, 0, 10, 10], score };
}

describe('Pascal VOC metrics', () => {
  const four = photos(2, [person(1, 0), person(1, 100), person(2, 0), person(2, 100)]);

  it('are 1 where every object is found and nothing else', () => {
    const all = [found(1, 0, 0.9), found(1, 100, 0.8), found(2, 0, 0.7), found(2, 100, 0.6)];
    expect(evaluateVocBoxes(four, all)).toMatchObject({ ap50: 1, ap50Points11: 1 });
  });

  it('have the area under the envelope and the eleven points that a curve by hand has', () => {
    // Right, wrong, right: precision 1 up to recall 1/4, then 2/3 up to 1/2.
    const { ap50, ap50Points11 } = evaluateVocBoxes(four, [
      found(1, 0, 0.9),
      found(1, 300, 0.8),
      found(2, 0, 0.7),
    ]);
    expect(ap50).toBeCloseTo(0.25 + (0.25 * 2) / 3, 12);
    // Recall 0, .1, .2 at 1; .3, .4, .5 at 2/3.
    expect(ap50Points11).toBeCloseTo((3 + 3 * (2 / 3)) / 11, 12);
  });

  it('take a second detection of one object for wrong', () => {
    const truth = photos(1, [person(1, 0), person(1, 100)]);
    const { ap50 } = evaluateVocBoxes(truth, [found(1, 0, 0.9), found(1, 1, 0.8), found(1, 100, 0.7)]);
    expect(ap50).toBeCloseTo(0.5 + (0.5 * 2) / 3, 12);
  });

  it('neither reward nor punish what is found of a difficult object, as often as it is found', () => {
    const truth = photos(1, [person(1, 0), person(1, 100, true)]);
    const results = [found(1, 100, 0.9), found(1, 101, 0.8), found(1, 0, 0.7)];
    expect(evaluateVocBoxes(truth, results)).toMatchObject({ ap50: 1, classes: [{ objects: 1 }] });
  });

  it('are undefined without an object', () => {
    expect(evaluateVocBoxes(photos(1, []), [found(1, 0, 0.9)]).ap50).toBe(-1);
  });
});

describe('Pascal VOC annotations', () => {
  it('become boxes from 0 that contain their last pixel; parts are no objects', async () => {
    const folder = await scratch('voc');
    writeFileSync(join(folder, 'b.xml'), ANNOTATION);
    writeFileSync(join(folder, 'a.xml'), '<annotation><filename>empty.jpg</filename></annotation>');
    const truth = readVocAnnotations(folder);
    expect(truth.images).toEqual([
      { id: 1, file_name: 'empty.jpg' },
      { id: 2, file_name: 'street.jpg', width: 500, height: 375 },
    ]);
    expect(truth.categories).toEqual([
      { id: 1, name: 'car' },
      { id: 2, name: 'person' },
    ]);
    expect(truth.annotations).toMatchObject([
      { image_id: 2, category_id: 2, bbox: [0, 10, 10, 20], area: 200, difficult: false },
      { image_id: 2, category_id: 1, bbox: [100, 100, 100, 50], difficult: true },
    ]);
  });

  it.each<[string, Record<string, string> | undefined, string]>([
    ['no folder', undefined, 'cannot list'],
    ['no annotation in it', {}, 'holds no .xml files'],
    [
      'an object without a box',
      { 'a.xml': '<annotation><object><name>x</name></object></annotation>' },
      'a.xml: an object',
    ],
    ['a box without a side', { 'a.xml': ANNOTATION.replace('<xmin>1</xmin>', '') }, 'no number <xmin>'],
    [
      'a tag that is not closed',
      { 'a.xml': '<annotation>\n<object>\n</annotation>' },
      'a.xml:3: </annotation> closes nothing',
    ],
  ])('of %s are refused with the place', async (_, files, message) => {
    const folder = files === undefined ? '/nowhere' : await scratch('voc');
    for (const [name, text] of Object.entries(files ?? {})) writeFileSync(join(folder, name), text);
    expect(() => readVocAnnotations(folder)).toThrow(message);
  });
});

describe('XML', () => {
  it('knows attributes, empty elements, CDATA, entities and comments', () => {
    const root = parseXml('<a x="1>2"><b/>1 &lt; 2 &#65;&#x42;<c><![CDATA[<raw>]]></c><!-- <d> --></a>', 'f');
    expect(root).toEqual({
      name: 'a',
      text: '1 < 2 AB',
      children: [
        { name: 'b', text: '', children: [] },
        { name: 'c', text: '<raw>', children: [] },
      ],
    });
  });

  it.each([['<a>'], ['a < b'], ['</a>'], [''], [`${'<a>'.repeat(100)}${'</a>'.repeat(100)}`]])(
    'refuses %j',
    (text) => {
      expect(() => parseXml(text, 'f')).toThrow(/^f:\d+: /);
    },
  );

  it('does not take long over what only looks like tags', () => {
    expect(() => parseXml(`<a ${'" '.repeat(20_001)}`, 'f')).toThrow(/^f:1: /);
    expect(() => parseXml('<a'.repeat(20_000), 'f')).toThrow(/^f:1: /);
  });
});
