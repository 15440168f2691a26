import { expect, it } from 'vitest';
import { precision, recall } from '../../src/bench/street-events/score.ts';
import { reportOf, scoreStreets } from '../fixtures/streets.ts';

// What test/e2e/event-accuracy.test.ts demands of 60 streets, on a few: with so few cases one wrong event is 2 %.
const TYPES = [
  'line.crossed',
  'object.ended',
  'object.started',
  'zone.cleared',
  'zone.dwelled',
  'zone.entered',
  'zone.left',
  'zone.occupied',
];

it('tells streets as they are, of a detector that misses, trembles and invents', async () => {
  const score = await scoreStreets(1, 5);
  expect([...score.types.keys()].sort()).toEqual(TYPES);
  for (const [type, n] of score.types) {
    expect(n.right, `${type}: too few to tell`).toBeGreaterThan(10);
    expect(precision(n), `precision of ${type}\n${reportOf(score)}`).toBeGreaterThanOrEqual(0.98);
    expect(recall(n), `recall of ${type}\n${reportOf(score)}`).toBeGreaterThanOrEqual(0.98);
  }
});
