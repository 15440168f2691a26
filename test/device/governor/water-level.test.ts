import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Claim, shareOut } from '../../../src/device/governor/water-level.ts';

const claim = (weight: number, wanted: number, cost = 1): Claim => ({ weight, wanted, cost });
const FLOORS = [1, 0.2];

/** What each really takes. */
function taken(claims: readonly Claim[], budget: number, floors = FLOORS): number[] {
  return shareOut(claims, budget, floors).map((most, i) => Math.min(most, claims[i]!.wanted));
}

describe('shareOut', () => {
  it.each([
    ['everything fits', [claim(1, 5), claim(1, 5)], 10, [5, 5]],
    ['equals share equally', [claim(1, 10), claim(1, 10)], 10, [5, 5]],
    [
      'who wants little gets it, the rest is for the others',
      [claim(1, 2), claim(1, 20), claim(1, 20)],
      12,
      [2, 5, 5],
    ],
    ['shares follow weights', [claim(1, 20), claim(2, 20), claim(4, 20)], 14, [2, 4, 8]],
    ['dear frames count for what they cost', [claim(1, 20, 1), claim(1, 20, 3)], 20, [5, 5]],
    ['nobody falls below the floor for lack of weight', [claim(1, 20), claim(9, 20)], 8, [1, 7]],
    ['floors that cannot be paid are lowered fairly', [claim(1, 20), claim(3, 20)], 0.8, [0.2, 0.6]],
    ['and never to nothing', [claim(1, 20), claim(1, 20)], 0, [0.2, 0.2]],
  ])('%s', (_, claims, budget, expected) => {
    expect(taken(claims, budget).map((share) => Math.round(share * 1e6) / 1e6)).toEqual(expected);
  });

  it('is within the budget, leaves nothing that somebody wants, and is fair by weight', () => {
    const claims = fc.array(
      fc.record({
        weight: fc.double({ min: 0.1, max: 100, noNaN: true }),
        wanted: fc.double({ min: 0, max: 30, noNaN: true }),
        cost: fc.double({ min: 1, max: 200, noNaN: true }),
      }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(claims, fc.double({ min: 0.01, max: 2_000, noNaN: true }), (all, budget) => {
        const shares = taken(all, budget, [0]);
        const used = shares.reduce((sum, share, i) => sum + share * all[i]!.cost, 0);
        const wanted = all.reduce((sum, each) => sum + each.wanted * each.cost, 0);
        expect(used).toBeLessThanOrEqual(budget * (1 + 1e-6));
        expect(used).toBeGreaterThanOrEqual(Math.min(budget, wanted) * (1 - 1e-6));
        // Max-min: nobody with less than they want has less, by weight, than another.
        const levels = shares.map((share, i) => share / all[i]!.weight);
        for (const [i, { wanted: most }] of all.entries()) {
          if (shares[i]! >= most - 1e-9) continue;
          expect(levels[i]).toBeGreaterThanOrEqual(Math.max(...levels) * (1 - 1e-6));
        }
      }),
    );
  });
});
