import type { BoxPx, PointNorm, SizePx } from '../flow/geometry.ts';

/** The point of a box that stands for the object. */
export type Anchor = 'bottom' | 'centre' | 'top';

/** The middle of a box's lower edge (where it stands), of the box, or of its upper edge, source pixels. */
export function anchorPx(
  [x1, y1, x2, y2]: BoxPx,
  anchor: Anchor = 'bottom',
): readonly [x: number, y: number] {
  return [(x1 + x2) / 2, anchor === 'bottom' ? y2 : anchor === 'top' ? y1 : (y1 + y2) / 2];
}

/** Points closer than this to the picture's edge are on it, as a share of the picture: areas are drawn by hand. */
const AT_EDGE = 0.002;

/**
 * Distance of a point to an area's border in source pixels, positive inside. Where the border is the edge of the picture,
 * the area goes on beyond it: somebody whose feet are cut off by the edge stands in it.
 *
 * @returns Infinity inside an area that is the whole picture
 */
export function depthPx(
  [pointX, pointY]: readonly [number, number],
  polygon: readonly PointNorm[],
  { widthPx, heightPx }: SizePx,
): number {
  const x = within(pointX, widthPx);
  const y = within(pointY, heightPx);
  let inside = false;
  let nearest = Number.POSITIVE_INFINITY;
  let [ax, ay] = cornerPx(polygon.at(-1)!, widthPx, heightPx);
  for (const corner of polygon) {
    const [bx, by] = cornerPx(corner, widthPx, heightPx);
    // Even-odd rule: a ray to the right crosses the border an odd number of times.
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    const alongEdge =
      (ax === bx && (ax === 0 || ax === widthPx)) || (ay === by && (ay === 0 || ay === heightPx));
    if (!alongEdge) nearest = Math.min(nearest, toSegment(x, y, ax, ay, bx, by));
    [ax, ay] = [bx, by];
  }
  return inside ? nearest : -nearest;
}

/** A hair inside the picture, so that a point on its edge is inside an area that reaches the edge. */
function within(value: number, size: number): number {
  return Math.min(size - 1e-6, Math.max(1e-6, value));
}

function cornerPx([x, y]: PointNorm, widthPx: number, heightPx: number): readonly [number, number] {
  return [snap(x) * widthPx, snap(y) * heightPx];
}

function snap(share: number): number {
  return share < AT_EDGE ? 0 : share > 1 - AT_EDGE ? 1 : share;
}

function toSegment(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const lengthSquared = (bx - ax) ** 2 + (by - ay) ** 2;
  const along =
    lengthSquared === 0
      ? 0
      : Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / lengthSquared));
  return Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay));
}
