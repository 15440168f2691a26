import type { PointNorm } from '../../../flow/geometry.ts';

/** Places are kept to a ten-thousandth of the picture: finer than a pixel of any camera. */
const STEP = 10_000;

/** A place in the picture; what is beyond its edge is on it. */
export function onPicture([x, y]: PointNorm): PointNorm {
  return [rounded(x), rounded(y)];
}

/** As `onPicture`, and what is within `reach` of an edge is on it: areas that touch the edge go on beyond it. */
export function snapped([x, y]: PointNorm, reach: PointNorm): PointNorm {
  const snap = (value: number, near: number) => (value < near ? 0 : value > 1 - near ? 1 : value);
  return onPicture([snap(x, reach[0]), snap(y, reach[1])]);
}

export function withPoint(points: readonly PointNorm[], index: number, point: PointNorm): PointNorm[] {
  return points.map((old, i) => (i === index ? point : old));
}

/** A new point in the middle of the side that begins at `index`. */
export function withMiddle(points: readonly PointNorm[], index: number): PointNorm[] {
  const [a, b] = [points[index]!, points[(index + 1) % points.length]!];
  return points.toSpliced(index + 1, 0, onPicture([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]));
}

export function withoutPoint(points: readonly PointNorm[], index: number): PointNorm[] {
  return points.toSpliced(index, 1);
}

/** All points moved alike, and no further than the picture goes. */
export function moved(points: readonly PointNorm[], by: PointNorm): PointNorm[] {
  const room = (axis: 0 | 1) => {
    const values = points.map((point) => point[axis]);
    return Math.min(1 - Math.max(...values), Math.max(-Math.min(...values), by[axis]));
  };
  const [dx, dy] = [room(0), room(1)];
  return points.map(([x, y]) => onPicture([x + dx, y + dy]));
}

function rounded(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * STEP) / STEP;
}

/** A share of the picture as SVG takes it. */
export function cent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
