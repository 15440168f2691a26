import { describe, expect, it, test } from 'vitest';
import { AttributeVotes } from '../../src/events/attribute-votes.ts';
import { cropQuality } from '../../src/events/look-budget.ts';

const LABELS = ['red', 'green', 'blue'];
const RED = [0.9, 0.05, 0.05];
const GREEN = [0.05, 0.9, 0.05];
const UNSURE = [0.4, 0.35, 0.25];

function votes(...looks: (readonly [probabilities: readonly number[], quality?: number])[]): AttributeVotes {
  const result = new AttributeVotes(LABELS, 0.5);
  for (const [probabilities, quality = 1] of looks) result.add(probabilities, quality);
  return result;
}

describe('a value is told', () => {
  test.each([
    ['not without looks', votes(), undefined],
    ['not after one look, however sure', votes([[1, 0, 0]]), undefined],
    ['after two good looks that agree', votes([RED], [RED]), { value: 'red', score: 0.9 }],
    ['not after two poor ones', votes([RED, 0.3], [RED, 0.3]), undefined],
    ['after six poor ones', votes(...Array(6).fill([RED, 0.3])), { value: 'red', score: 0.9 }],
    ['not when looks contradict each other', votes([RED], [GREEN], [RED], [GREEN]), undefined],
    ['not by looks below the least score', votes(...Array(20).fill([UNSURE])), undefined],
    ['by the majority in the end', votes([GREEN], [RED], [RED], [RED]), { value: 'red', score: 0.688 }],
  ])('%s', (_why, { result }, expected) => {
    expect(result).toEqual(expected);
  });

  it('stays although some looks contradict it, and does not flicker', () => {
    const judged = votes(...Array(10).fill([RED]));
    const values = Array.from({ length: 40 }, (_, i) => {
      judged.add(i % 2 === 0 ? GREEN : RED, 1);
      return judged.result?.value;
    });
    expect(new Set(values)).toEqual(new Set(['red']));
  });

  it('is corrected by better views, after however many that were wrong', () => {
    const judged = votes(...Array(100).fill([RED]));
    const values = Array.from({ length: 6 }, () => {
      judged.add(GREEN, 1);
      return judged.result?.value;
    });
    expect(values).toEqual(['red', 'red', 'red', 'red', 'green', 'green']);
  });
});

describe('a look is worth it', () => {
  it('when the last one is 250 ms ago', () => {
    const judged = votes();
    judged.looking(1_000);
    expect([1_040, 1_249, 1_250].map((monoMs) => judged.wants(0.5, monoMs))).toEqual([false, false, true]);
  });

  it('ten times, and then for a better view only', () => {
    const judged = votes();
    for (let i = 0; i < 10; i++) {
      judged.looking(i * 300);
      judged.add(RED, 0.5);
    }
    expect([0.5, 0.6, 0.63].map((quality) => judged.wants(quality, 10_000))).toEqual([false, false, true]);
  });

  it('again for one that was asked for and did not come', () => {
    const judged = votes();
    for (let i = 0; i < 10; i++) judged.looking(i * 300);
    judged.add(RED, 0.5);
    expect(judged.wants(0.5, 10_000)).toBe(false);
    judged.notLooked();
    expect(judged.wants(0.5, 10_000)).toBe(true);
  });

  it('never when the view shows nothing', () => {
    expect(votes().wants(0, 1_000)).toBe(false);
  });
});

describe('the quality of a view', () => {
  const source = { widthPx: 1280, heightPx: 720 };
  const frame = { widthPx: 640, heightPx: 360 };
  test.each([
    ['64 pixels of the frame or more', [200, 200, 328, 400], 1],
    ['half of that', [200, 200, 264, 400], 0.5],
    ['too small to show anything', [200, 200, 220, 260], 0],
    ['cut by the left border', [0, 200, 128, 400], 0.3],
    ['cut by the lower border', [200, 500, 328, 720], 0.3],
  ] as const)('%s', (_why, boxPx, expected) => {
    expect(cropQuality(boxPx, source, frame)).toBeCloseTo(expected, 5);
  });
});
