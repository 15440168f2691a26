import { describe, expect, it, test } from 'vitest';
import { Candidates } from '../../src/infer/decode/candidates.ts';
import { end2endDecoder } from '../../src/infer/decode/end2end.ts';
import type { ClassChoice, OutputDecoder } from '../../src/infer/decode/output-decoder.ts';
import { yolov5Decoder } from '../../src/infer/decode/yolov5.ts';
import { yolov8Decoder } from '../../src/infer/decode/yolov8.ts';
import { yoloxDecoder } from '../../src/infer/decode/yolox.ts';

function decode(
  decoder: OutputDecoder,
  rows: readonly (readonly number[])[],
  minScore: number,
  classes: ClassChoice = 'best',
): { box: number[]; score: number; classId: number }[] {
  const into = new Candidates();
  into.add(9, 9, 9, 9, 1, 9);
  const data = Float32Array.from(rows.flat());
  decoder.decode({ data, rows: rows.length, columns: rows[0]!.length }, minScore, classes, into);
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
  expect(decoder.fits(21, 6, 1)).toBe(true);
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
  const output = (rows: number[][]) => ({
    data: Float32Array.from(rows.flat()),
    rows: rows.length,
    columns: rows[0]!.length,
  });
  expect(decoder.hasScore(output(silent))).toBe(false);
  expect(decoder.hasScore(output(alive))).toBe(true);
});
