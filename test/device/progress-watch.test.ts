import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Duty, ProgressWatch } from '../../src/device/progress-watch.ts';

const STEP_MS = 1_000;

const duty = (over: Partial<Duty> = {}): Duty => ({
  ...{ part: 'camera a', awaits: 'a frame', isOwed: true, done: 0, patienceMs: 10_000 },
  ...over,
});

/** What is stuck at each second, for what is owed and done at each. */
function looks(states: readonly Partial<Duty>[], maxStepMs = 2 * STEP_MS): boolean[] {
  const watch = new ProgressWatch(maxStepMs);
  return states.map((state, i) => watch.look(i * STEP_MS, [duty(state)]).length > 0);
}

/** What a part does from one second to the next. */
const second = fc.record({ isOwed: fc.boolean(), moves: fc.boolean() });

describe('a part', () => {
  test('that has not moved for its patience is stuck, until it moves', () => {
    const states = [...Array(15).fill({ done: 3 }), { done: 4 }, { done: 4 }];
    const stuck = looks(states);
    expect(stuck.indexOf(true)).toBe(10);
    expect(stuck.slice(10)).toEqual([true, true, true, true, true, false, false]);
  });

  test('whose patience is none is stuck as soon as it owes something', () => {
    expect(looks([{ isOwed: false }, { patienceMs: 0 }].map((s) => ({ patienceMs: 0, ...s })))).toEqual([
      false,
      true,
    ]);
  });

  test('tells how long it has waited, and for what', () => {
    const watch = new ProgressWatch(2 * STEP_MS);
    const stuck = Array.from({ length: 13 }, (_, i) => watch.look(i * STEP_MS, [duty()])).at(-1);
    expect(stuck).toEqual([{ part: 'camera a', awaits: 'a frame', forMs: 12_000 }]);
  });

  test('is stuck if, and only if, it has owed and not moved throughout the last patience', () => {
    fc.assert(
      fc.property(
        fc.array(second, { maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        (seconds, patienceS) => {
          let done = 0;
          const states = seconds.map(({ isOwed, moves }) => {
            if (moves) done += 1;
            return { isOwed, done, patienceMs: patienceS * STEP_MS };
          });
          const expected = states.map((state, i) => {
            const last = states.slice(Math.max(0, i - patienceS), i + 1);
            return last.length === patienceS + 1 && last.every((s) => s.isOwed && s.done === state.done);
          });
          expect(looks(states)).toEqual(expected);
        },
      ),
    );
  });

  test('does not change what is found of another', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(second, second), { maxLength: 60 }), (seconds) => {
        const [alone, together] = [new ProgressWatch(2_000), new ProgressWatch(2_000)];
        let [a, b] = [0, 0];
        for (const [i, [one, other]] of seconds.entries()) {
          a += one.moves ? 1 : 0;
          b += other.moves ? 1 : 0;
          const duties = [
            duty({ isOwed: one.isOwed, done: a, patienceMs: 4_000 }),
            duty({ part: 'camera b', isOwed: other.isOwed, done: b, patienceMs: 2_000 }),
          ];
          const expected = alone.look(i * STEP_MS, duties.slice(0, 1));
          expect(together.look(i * STEP_MS, duties).filter(({ part }) => part === 'camera a')).toEqual(
            expected,
          );
        }
      }),
    );
  });
});

describe('time in which nobody looked', () => {
  test('counts no more than a step: a machine that slept has no stuck parts when it wakes up', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 1, max: 1_000_000_000 }),
        (seconds, asleepMs) => {
          const watch = new ProgressWatch(2 * STEP_MS);
          for (let i = 0; i <= seconds; i++) expect(watch.look(i * STEP_MS, [duty()])).toEqual([]);
          expect(watch.look(seconds * STEP_MS + asleepMs, [duty()])).toEqual([]);
        },
      ),
    );
  });

  test('does not save a part that is stuck', () => {
    const watch = new ProgressWatch(2 * STEP_MS);
    const found = Array.from({ length: 6 }, (_, i) => watch.look(i * 60_000, [duty()]).length);
    expect(found).toEqual([0, 0, 0, 0, 0, 1]);
  });

  test('that runs backwards does not count', () => {
    const watch = new ProgressWatch(2 * STEP_MS);
    for (const monoMs of [50_000, 0, 50_000, 0])
      expect(watch.look(monoMs, [duty({ patienceMs: 5_000 })])).toEqual([]);
  });
});

test('a part that comes back after it was gone begins anew', () => {
  const watch = new ProgressWatch(2 * STEP_MS);
  for (let i = 0; i <= 10; i++) watch.look(i * STEP_MS, [duty()]);
  expect(watch.look(11_000, [])).toEqual([]);
  expect(watch.look(12_000, [duty()])).toEqual([]);
});
