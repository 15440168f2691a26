import { expect, it } from 'vitest';
import type { CocoAnnotation, CocoAnnotations, CocoResult } from '../../src/eval/coco-types.ts';
import { confusionMatrix, detectionOutcomes } from '../../src/eval/detection-outcomes.ts';
import { countByScore } from '../../src/eval/score-counts.ts';

const CAT = 1;
const DOG = 2;

function object(category_id: number, left: number, more: Partial<CocoAnnotation> = {}): CocoAnnotation {
  return { id: left + 1, image_id: 7, category_id, bbox: [left, 0, 10, 10], area: 100, iscrowd: 0, ...more };
}

function found(category_id: number, left: number, score: number): CocoResult {
  return { image_id: 7, category_id, bbox: [left, 0, 10, 10], score };
}

const truth: CocoAnnotations = {
  images: [{ id: 7 }],
  categories: [
    { id: CAT, name: 'cat' },
    { id: DOG, name: 'dog' },
  ],
  annotations: [
    object(CAT, 0),
    object(CAT, 100),
    object(DOG, 200),
    object(DOG, 300, { iscrowd: 1 }),
    object(DOG, 400, { difficult: true }),
  ],
};
const results = [
  found(CAT, 0, 0.9),
  found(DOG, 101, 0.8),
  found(CAT, 500, 0.7),
  found(DOG, 302, 0.7),
  found(DOG, 400, 0.7),
  found(DOG, 200, 0.1),
];

it('tells what was found, missed, confused and made up; crowds and difficult objects count neither way', () => {
  const [outcome] = detectionOutcomes(truth, results, 0.5);
  expect(outcome).toMatchObject({ missed: 1, false: 1, confused: 1, objectOf: [0, 1, -1] });
  // Rows cat, dog, background; columns the same.
  const { categoryIds, counts } = confusionMatrix(truth, [outcome!]);
  expect(categoryIds).toEqual([CAT, DOG]);
  expect([...counts]).toEqual([1, 1, 0, 0, 0, 1, 1, 0, 0]);
});

it('looks only at detections from the asked score on', () => {
  expect(detectionOutcomes(truth, results, 0)[0]?.missed).toBe(0);
});

it('counts detections by score as COCO matches them', () => {
  const { right, wrong } = countByScore(truth, results, 10);
  expect([right[9], right[1], right.reduce((a, b) => a + b)]).toEqual([1, 1, 2]);
  // The dog where a cat is, and the cat where nothing is.
  expect([wrong[8], wrong[7], wrong.reduce((a, b) => a + b)]).toEqual([1, 1, 2]);
});
