import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssignmentSolver } from '../../src/track/assignment.ts';

interface Problem {
  rows: number;
  cols: number;
  gain: number[];
}

/** Small problems with impossible pairs, ties and ordinary gains. */
function problems(maxSide: number): fc.Arbitrary<Problem> {
  const gains = fc.oneof(
    fc.constantFrom(0, -1, Number.NaN, 0.5, 1),
    fc.double({ min: -1, max: 2, noNaN: true }),
  );
  return fc
    .tuple(fc.nat(maxSide), fc.nat(maxSide))
    .chain(([rows, cols]) =>
      fc
        .array(gains, { minLength: rows * cols, maxLength: rows * cols })
        .map((gain) => ({ rows, cols, gain })),
    );
}

/** The best sum of any set of disjoint pairs, by trying all. */
function bruteForce({ rows, cols, gain }: Problem): number {
  const best = (row: number, taken: number): number => {
    if (row === rows) return 0;
    let most = best(row + 1, taken);
    for (let col = 0; col < cols; col += 1) {
      const value = gain[row * cols + col]!;
      if (value > 0 && (taken & (1 << col)) === 0) {
        most = Math.max(most, value + best(row + 1, taken | (1 << col)));
      }
    }
    return most;
  };
  return best(0, 0);
}

function solve(solver: AssignmentSolver, { rows, cols, gain }: Problem): number[] {
  const colOfRow = new Int32Array(rows);
  solver.solve(Float64Array.from(gain), rows, cols, colOfRow);
  return [...colOfRow];
}

describe('AssignmentSolver', () => {
  it('finds the optimum that trying everything finds, with one solver used over and over', () => {
    const solver = new AssignmentSolver();
    fc.assert(
      fc.property(problems(6), (problem) => {
        const pairs = solve(solver, problem)
          .map((col, row) => ({ row, col }))
          .filter(({ col }) => col >= 0);
        const gains = pairs.map(({ row, col }) => problem.gain[row * problem.cols + col]!);
        expect(new Set(pairs.map(({ col }) => col)).size).toBe(pairs.length);
        for (const gain of gains) expect(gain).toBeGreaterThan(0);
        const total = gains.reduce((sum, gain) => sum + gain, 0);
        expect(total).toBeCloseTo(bruteForce(problem), 9);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('gives up the best pair where two others together are worth more', () => {
    const problem = { rows: 2, cols: 2, gain: [1, 0.9, 0.8, 0] };
    expect(solve(new AssignmentSolver(), problem)).toEqual([1, 0]);
  });

  it('does not give up a pair for the sake of one that is impossible', () => {
    const problem = { rows: 2, cols: 1, gain: [Number.NaN, 0.1] };
    expect(solve(new AssignmentSolver(), problem)).toEqual([-1, 0]);
  });

  it('solves 300 x 200 to a sum that no exchange of two columns improves', () => {
    const rows = 300;
    const cols = 200;
    const gain = Array.from({ length: rows * cols }, (_, cell) => ((cell * 7919) % 1009) / 1009);
    const colOfRow = solve(new AssignmentSolver(), { rows, cols, gain });
    const at = (row: number, col: number) => (col < 0 ? 0 : gain[row * cols + col]!);
    for (let a = 0; a < rows; a += 1) {
      for (let b = a + 1; b < rows; b += 1) {
        const kept = at(a, colOfRow[a]!) + at(b, colOfRow[b]!);
        const exchanged = at(a, colOfRow[b]!) + at(b, colOfRow[a]!);
        if (exchanged > kept + 1e-9) expect.fail(`rows ${a} and ${b} should exchange their columns`);
      }
    }
    expect(colOfRow.filter((col) => col >= 0)).toHaveLength(cols);
  });
});
