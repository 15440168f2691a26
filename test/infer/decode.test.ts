import { describe, expect, it, test } from 'vitest';
import { Candidates } from '../../src/infer/decode/candidates.ts';
import { cornerListDecoder, tfOdDecoder } from '../../src/infer/decode/detection-lists.ts';
import { detrDecoder } from '../../src/infer/decode/detr.ts';
import { end2endDecoder } from '../../src/infer/decode/end2end.ts';
import { nanodetDecoder } from '../../src/infer/decode/nanodet.ts';
import type { ClassChoice, HeadOutput, OutputDecoder } from '../../src/infer/decode/output-decoder.ts';
import { fastestDecoder } from '../../src/infer/decode/yolo-fastestv2.ts';
import { yoloNasDecoder } from '../../src/infer/decode/yolo-nas.ts';
import { yolov5Decoder } from '../../src/infer/decode/yolov5.ts';
import { yolov5RawDecoder } from '../../src/infer/decode/yolov5-raw.ts';
import { yolov8Decoder } from '../../src/infer/decode/yolov8.ts';
import { yoloxDecoder } from '../../src/infer/decode/yolox.ts';

function decode(
  decoder: OutputDecoder,
  rows: readonly (readonly number[])[],
  minScore: number,
  classes: ClassChoice = 'best',
): { box: number[]; score: number; classId: number }[] {
  return decodeHeads(decoder, [head(rows)], minScore, classes);
}

function head(rows: readonly (readonly number[])[]): HeadOutput {
  const [count, columns] = [rows.length, rows[0]!.length];
  return { data: Float32Array.from(rows.flat()), rows: count, columns, axes: [count, columns] };
}

function decodeHeads(
  decoder: OutputDecoder,
  heads: readonly HeadOutput[],
  minScore: number,
  classes: ClassChoice = 'best',
): { box: number[]; score: number; classId: number }[] {
  const into = new Candidates();
  into.add(9, 9, 9, 9, 1, 9);
  decoder.decode(heads, minScore, classes, into);
  return Array.from({ length: into.count }, (_, i) => ({
    box: [...into.boxes.slice(4 * i, 4 * i + 4)],
    score: into.scores[i]!,
    classId: into.classIds[i]!,
  }));
}

describe('yolov5', () => {
  const rows = [
    [50, 60, 20, 10, 0.5, 0.25, 0.75],
    [50, 60, 20, 10, 0.25, 0.5, 0.5],
  ];

  it('multiplies objectness and the best class, and turns centre and size into corners', () => {
    expect(decode(yolov5Decoder, rows, 0.3)).toEqual([{ box: [40, 55, 60, 65], score: 0.375, classId: 1 }]);
  });

  it('reports every class above the threshold when asked to', () => {
    expect(decode(yolov5Decoder, rows, 0.125, 'all').map(({ classId }) => classId)).toEqual([0, 1, 0, 1]);
  });
});

it('yolox adds the cell and multiplies by its stride, level by level', () => {
  // A 32x32 input has 16 cells of stride 8, then 4 of 16, then 1 of 32.
  const rows = Array.from({ length: 21 }, () => [0, 0, 0, 0, 0, 0]);
  rows[5] = [0.5, 0.5, Math.log(2), 0, 0.5, 1];
  rows[19] = [0.25, 0, 0, Math.log(0.5), 1, 0.75];
  rows[20] = [0.5, 0.5, 0, 0, 1, 0.5];
  const decoder = yoloxDecoder({ widthPx: 32, heightPx: 32 });
  expect(decoder.fits([{ rows: 21, columns: 6, axes: [21, 6] }], 1)).toBe(true);
  const found = decode(decoder, rows, 0.25);
  expect(found.map(({ score }) => score)).toEqual([0.5, 0.75, 0.5]);
  expect(found[0]!.box).toEqual([4, 8, 20, 16]);
  expect(found[1]!.box).toEqual([12, 12, 28, 20]);
  expect(found[2]!.box).toEqual([0, 0, 32, 32]);
});

describe('yolov8', () => {
  // Columns are boxes.
  const rows = [
    [50, 10, 0],
    [60, 10, 0],
    [20, 4, 0],
    [10, 4, 0],
    [0.25, 0.5, 0.1],
    [0.75, 0.4, 0.1],
  ];

  it('takes the best class of each column', () => {
    expect(decode(yolov8Decoder(), rows, 0.35)).toEqual([
      { box: [40, 55, 60, 65], score: 0.75, classId: 1 },
      { box: [8, 8, 12, 12], score: 0.5, classId: 0 },
    ]);
  });

  it('reports every class above the threshold when asked to', () => {
    expect(decode(yolov8Decoder(), rows, 0.35, 'all').map(({ classId }) => classId)).toEqual([0, 1, 1]);
  });
});

it('end-to-end rows are taken as they are', () => {
  const rows = [
    [1, 2, 3, 4, 0.75, 7],
    [5, 6, 7, 8, 0.25, 2],
  ];
  expect(decode(end2endDecoder, rows, 0.5)).toEqual([{ box: [1, 2, 3, 4], score: 0.75, classId: 7 }]);
  expect(end2endDecoder.needsNms).toBe(false);
});

test.each([
  ['yolov5', yolov5Decoder, [[5, 5, 5, 5, 1, 0]], [[5, 5, 5, 5, 1, 0.01]]],
  ['yolov8', yolov8Decoder(), [[5], [5], [5], [5], [0]], [[5], [5], [5], [5], [0.01]]],
  ['end2end', end2endDecoder, [[5, 5, 5, 5, 0, 3]], [[5, 5, 5, 5, 0.01, 3]]],
])('%s tells all-zero scores from any score', (_, decoder, silent, alive) => {
  expect(decoder.hasScore([head(silent)])).toBe(false);
  expect(decoder.hasScore([head(alive)])).toBe(true);
});

describe('nanodet', () => {
  /** Levels of a 32x32 input: 16 cells of stride 8, 4 of 16, 1 of 32; two classes. */
  const cells = [16, 4, 1];
  const zeros = (rows: number, columns: number) => Array.from({ length: rows }, () => Array(columns).fill(0));
  /** A distribution of 8 bins that is certain of one of them. */
  const certain = (bin: number) => Array.from({ length: 8 }, (_, i) => (i === bin ? 100 : 0));
  const input = { widthPx: 32, heightPx: 32 };

  function heads(score: (value: number) => number): HeadOutput[] {
    const maps = cells.map((rows) => zeros(rows, 2).map((row) => row.map(() => score(0.01))));
    const boxes = cells.map((rows) => zeros(rows, 32));
    maps[0]![5] = [score(0.5), score(0.75)];
    boxes[0]![5] = [certain(1), certain(0), certain(2), certain(1)].flat();
    maps[2]![0] = [score(0.6), score(0.02)];
    // Halfway between bins 0 and 1, on every side.
    boxes[2]![0] = Array.from({ length: 4 }, () => [50, 50, 0, 0, 0, 0, 0, 0]).flat();
    return [...maps, ...boxes].map(head);
  }

  const expected = [
    // Cell (1, 1) of stride 8 has its centre at 12, 12.
    { box: [4, 12, 28, 20], score: 0.75, classId: 1 },
    { box: [0, 0, 32, 32], score: 0.6, classId: 0 },
  ];
  const rounded = (found: { box: number[]; score: number; classId: number }[]) =>
    found.map(({ box, score, classId }) => ({
      box: box.map((value) => Math.round(value * 1e3) / 1e3),
      score: Math.round(score * 1e4) / 1e4,
      classId,
    }));

  it.each([
    ['have gone through the sigmoid', (value: number) => value],
    ['have not', (value: number) => Math.log(value / (1 - value))],
  ])('reads distances from the centre of the cell, whether scores %s', (_, score) => {
    const decoder = nanodetDecoder(input);
    const outputs = heads(score);
    expect(decoder.fits(outputs, 2)).toBe(true);
    expect(decoder.fits(outputs, 3)).toBe(false);
    expect(decoder.fits(outputs.slice(0, 3), 2)).toBe(false);
    expect(rounded(decodeHeads(decoder, outputs, 0.4))).toEqual(expected);
    expect(decodeHeads(decoder, outputs, 0.4, 'all').map(({ classId }) => classId)).toEqual([0, 1, 0]);
    expect(decoder.hasScore(outputs)).toBe(true);
  });

  it('tells all-zero scores from any score', () => {
    const silent = [
      ...cells.map((rows) => head(zeros(rows, 2))),
      ...cells.map((rows) => head(zeros(rows, 32))),
    ];
    expect(nanodetDecoder(input).hasScore(silent)).toBe(false);
  });
});

describe('yolo-fastestv2', () => {
  /** A 64x64 input: 4x4 cells of stride 16, 2x2 of 32; 12 box values, 3 objectness, 2 classes. */
  const anchors = [...[10, 20, 30], ...[40, 50, 60]].map((edge) => [edge, 2 * edge] as const);
  const decoder = fastestDecoder({ widthPx: 64, heightPx: 64 }, anchors);
  const blank = (rows: number) => Array.from({ length: rows }, () => Array<number>(17).fill(0));

  it('adds the cell, squares the size, and shares class scores among the three boxes of a cell', () => {
    const fine = blank(16);
    const coarse = blank(4);
    // Second anchor of cell (2, 1).
    fine[6]!.splice(4, 4, 0.5, 0.75, 0.5, 1);
    fine[6]!.splice(13, 4, 0.8, 0, 0.25, 0.75);
    // First anchor of cell (1, 1).
    coarse[3]!.splice(0, 4, 0.25, 0.25, 0.5, 0.5);
    coarse[3]!.splice(12, 5, 1, 0, 0, 1, 0);
    const outputs = [head(fine), head(coarse)];
    expect(decoder.fits(outputs, 2)).toBe(true);
    expect(decoder.fits([outputs[1]!, outputs[0]!], 2)).toBe(false);
    const found = decodeHeads(decoder, outputs, 0.15, 'all');
    expect(found.map(({ score }) => score.toFixed(3))).toEqual(['0.200', '0.600', '1.000']);
    // Centre (0.5 + 2, 1 + 1) * 16, size (1 * 20, 4 * 40).
    expect(found[0]!.box).toEqual([30, -48, 50, 112]);
    expect(found[2]!.box).toEqual([12, -8, 52, 72]);
    expect(decodeHeads(decoder, outputs, 0.15).map(({ classId }) => classId)).toEqual([1, 0]);
  });

  it('tells all-zero scores from any score', () => {
    const alive = blank(4);
    alive[2]!.splice(12, 4, 0.1, 0, 0, 0.1);
    expect(decoder.hasScore([head(blank(16)), head(blank(4))])).toBe(false);
    expect(decoder.hasScore([head(blank(16)), head(alive)])).toBe(true);
  });
});

describe('yolov5 without decoded boxes', () => {
  const input = { widthPx: 32, heightPx: 32 };
  const anchors = Array.from({ length: 9 }, () => [10, 20] as [number, number]);
  /** One box in the only cell of stride 32, of two classes, as `form` gives values after or before the sigmoid. */
  const heads = (form: (score: number) => number): HeadOutput[] =>
    [4, 2, 1].map((across) => {
      const data = new Float32Array(3 * across * across * 7).fill(form(0.001));
      if (across === 1) data.set([0.5, 0.5, 0.5, 0.5, 0.8, 0.5, 0.75].map(form), 7);
      return { data, rows: 3 * across * across, columns: 7, axes: [3, across, across, 7] };
    });

  test.each([
    ['applied', (score: number) => score],
    ['left out', (score: number) => Math.log(score / (1 - score))],
  ])('reads exports with the sigmoid %s', (_, form) => {
    const decoder = yolov5RawDecoder(input, anchors);
    expect(decoder.fits(heads(form), 2)).toBe(true);
    expect(decoder.fits(heads(form), 3)).toBe(false);
    const found = decodeHeads(decoder, heads(form), 0.35, 'all');
    expect(found.map(({ classId }) => classId)).toEqual([0, 1]);
    expect(found.map(({ score }) => score)).toEqual([expect.closeTo(0.4, 5), expect.closeTo(0.6, 5)]);
    found[0]!.box.forEach((value, side) => {
      expect(value).toBeCloseTo([11, 6, 21, 26][side]!, 3);
    });
    expect(decodeHeads(decoder, heads(form), 0.35)).toHaveLength(1);
    expect(decoder.hasScore(heads(form))).toBe(true);
  });

  it('tells all-zero scores from any score', () => {
    expect(yolov5RawDecoder(input, anchors).hasScore(heads(() => 0))).toBe(false);
  });
});

describe('boxes and scores in outputs of their own', () => {
  const scores = [
    [0.6, 0.8],
    [0.1, 0.2],
  ];
  const logits = scores.map((row) => row.map((score) => Math.log(score / (1 - score))));

  it('detr reads logits and scores, every class when asked to', () => {
    const boxes = [
      [0.5, 0.5, 0.2, 0.4],
      [0.1, 0.1, 0.1, 0.1],
    ];
    for (const values of [scores, logits]) {
      const decoder = detrDecoder({ widthPx: 100, heightPx: 50 });
      const found = decodeHeads(decoder, [head(boxes), head(values)], 0.5, 'all');
      expect(found.map(({ classId, score }) => [classId, score])).toEqual([
        [0, expect.closeTo(0.6, 5)],
        [1, expect.closeTo(0.8, 5)],
      ]);
      found[0]!.box.forEach((value, side) => {
        expect(value).toBeCloseTo([40, 15, 60, 35][side]!, 4);
      });
    }
  });

  it('yolo-nas takes corners as they are, and needs NMS', () => {
    const decoder = yoloNasDecoder();
    const boxes = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ];
    expect(decoder.needsNms).toBe(true);
    expect(decodeHeads(decoder, [head(boxes), head(scores)], 0.5)).toEqual([
      { box: [1, 2, 3, 4], score: expect.closeTo(0.8, 5), classId: 1 },
    ]);
    expect(decoder.hasScore([head(boxes), head([[0, 0]])])).toBe(false);
  });
});

describe('lists of detections', () => {
  const list = (values: readonly number[]): HeadOutput => head(values.map((value) => [value]));
  const none: HeadOutput = { data: new Float32Array(0), rows: 0, columns: 1, axes: [0] };

  it('tell nothing of the health of a model when they are empty', () => {
    expect(cornerListDecoder.hasScore([none, none, none])).toBeUndefined();
    expect(cornerListDecoder.hasScore([head([[1, 2, 3, 4]]), list([0]), list([1])])).toBe(false);
    expect(cornerListDecoder.hasScore([head([[1, 2, 3, 4]]), list([0.1]), list([1])])).toBe(true);
  });

  it('tf-od counts only so many as the model says', () => {
    const boxes = head(Array.from({ length: 3 }, () => [0.1, 0.2, 0.3, 0.4]));
    const decoder = tfOdDecoder({ widthPx: 100, heightPx: 1000 });
    const found = decodeHeads(decoder, [boxes, list([0.9, 0.8, 0.7]), list([1, 1, 1]), list([2])], 0.5);
    expect(found).toHaveLength(2);
    found[0]!.box.forEach((value, side) => {
      expect(value).toBeCloseTo([20, 100, 40, 300][side]!, 3);
    });
    expect(decoder.hasScore([boxes, list([0, 0, 0]), list([1, 1, 1]), list([0])])).toBeUndefined();
  });
});
