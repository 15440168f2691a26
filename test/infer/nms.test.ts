import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { type BoxPx, iou } from '../../src/flow/geometry.ts';
import { Candidates } from '../../src/infer/decode/candidates.ts';
import { byScore, nonMaximumSuppression } from '../../src/infer/nms.ts';

interface Box {
  readonly box: BoxPx;
  readonly score: number;
  readonly classId: number;
}

function candidates(boxes: readonly Box[]): Candidates {
  const list = new Candidates();
  for (const { box, score, classId } of boxes) list.add(...box, score, classId);
  return list;
}

const at = (x: number, score: number, classId = 0): Box => ({ box: [x, 0, x + 10, 10], score, classId });

test.each([
  ['the better of two that overlap stays', [at(0, 0.5), at(1, 0.9)], [1]],
  ['another class is another object', [at(0, 0.5, 1), at(0, 0.9, 2)], [1, 0]],
  ['those apart stay, best first', [at(0, 0.5), at(50, 0.9)], [1, 0]],
  ['of equals the first stays', [at(0, 0.5), at(0, 0.5)], [0]],
  ['one that overlaps only a fallen one stays', [at(0, 0.9), at(4, 0.8), at(8, 0.7)], [0, 2]],
  [
    'an overlap of exactly the threshold is not above it',
    [at(0, 0.9), { ...at(0, 0.8), box: [0, 0, 10, 5] }],
    [0, 1],
  ],
  ['no candidates', [], []],
] as [string, Box[], number[]][])('%s', (_, boxes, kept) => {
  expect(
    nonMaximumSuppression(candidates(boxes), kept.length === 2 && boxes.length === 3 ? 0.4 : 0.5, 100),
  ).toEqual(kept);
});

it('keeps at most as many as asked for', () => {
  const boxes = Array.from({ length: 20 }, (_, i) => at(20 * i, i / 20));
  expect(nonMaximumSuppression(candidates(boxes), 0.5, 3)).toEqual([19, 18, 17]);
});

it('agrees with suppression by its definition for any boxes', () => {
  const side = fc.integer({ min: 1, max: 30 });
  const place = fc.integer({ min: 0, max: 60 });
  const box = fc.record({
    box: fc.tuple(place, place, side, side).map(([x, y, w, h]) => [x, y, x + w, y + h] as const),
    score: fc.integer({ min: 0, max: 10 }).map((score) => score / 16),
    classId: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(box, { maxLength: 60 }), (boxes) => {
      const left = boxes.map((_, index) => index).sort((a, b) => boxes[b]!.score - boxes[a]!.score || a - b);
      const expected: number[] = [];
      for (let best = left.shift(); best !== undefined; best = left.shift()) {
        expected.push(best);
        for (let i = left.length - 1; i >= 0; i--) {
          const other = boxes[left[i]!]!;
          if (other.classId === boxes[best]!.classId && iou(other.box, boxes[best]!.box) > 0.45)
            left.splice(i, 1);
        }
      }
      expect(nonMaximumSuppression(candidates(boxes), 0.45, 100)).toEqual(expected);
    }),
  );
});

it.each([0, 1, 7, 128, 129, 1_000])('puts %i candidates in order, equal scores as they came', (count) => {
  const candidates = new Candidates();
  for (let i = 0; i < count; i++) candidates.add(0, 0, 1, 1, ((i * 7919) % 31) / 31, 0);
  const expected = Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => candidates.scores[b]! - candidates.scores[a]! || a - b,
  );
  expect(byScore(candidates)).toEqual(expected);
});
