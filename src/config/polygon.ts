import type { PointNorm } from '../flow/geometry.ts';

/** What makes a polygon useless as an area, in words; undefined when it is sound. */
export function polygonProblem(points: readonly PointNorm[]): string | undefined {
  const n = points.length;
  for (let i = 0; i < n; i++) {
    if (samePoint(points[i]!, points[(i + 1) % n]!)) {
      return i === n - 1 ? 'the last point repeats the first' : `point ${i + 2} repeats the one before it`;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = i + 2; j < n; j++) {
      // The last side and the first share a corner.
      if (i === 0 && j === n - 1) continue;
      if (cross(points[i]!, points[i + 1]!, points[j]!, points[(j + 1) % n]!)) {
        return `its sides cross: the one from point ${i + 1} and the one from point ${j + 1}`;
      }
    }
  }
  return Math.abs(doubleArea(points)) < 1e-6 ? 'it encloses no area' : undefined;
}

function samePoint(a: PointNorm, b: PointNorm): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** Shoelace formula. */
function doubleArea(points: readonly PointNorm[]): number {
  return points.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = points[(i + 1) % points.length]!;
    return sum + x * nextY - nextX * y;
  }, 0);
}

/** Whether segments a-b and c-d cross or touch. */
function cross(a: PointNorm, b: PointNorm, c: PointNorm, d: PointNorm): boolean {
  const sides = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)] as const;
  if (sides[0] * sides[1] < 0 && sides[2] * sides[3] < 0) return true;
  return (
    (sides[0] === 0 && within(a, b, c)) ||
    (sides[1] === 0 && within(a, b, d)) ||
    (sides[2] === 0 && within(c, d, a)) ||
    (sides[3] === 0 && within(c, d, b))
  );
}

function side(a: PointNorm, b: PointNorm, p: PointNorm): number {
  return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
}

function within(a: PointNorm, b: PointNorm, p: PointNorm): boolean {
  return (
    Math.min(a[0], b[0]) <= p[0] &&
    p[0] <= Math.max(a[0], b[0]) &&
    Math.min(a[1], b[1]) <= p[1] &&
    p[1] <= Math.max(a[1], b[1])
  );
}
