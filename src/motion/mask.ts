import type { PointNorm } from '../flow/geometry.ts';

/** For each cell of a grid 1 where its centre lies in no polygon, 0 where it is masked. Polygons in 0..1. */
export function unmaskedCells(
  width: number,
  height: number,
  polygons: readonly (readonly PointNorm[])[],
): Uint8Array {
  const unmasked = new Uint8Array(width * height).fill(1);
  for (const polygon of polygons) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const inside = contains(polygon, (column + 0.5) / width, (row + 0.5) / height);
        if (inside) unmasked[row * width + column] = 0;
      }
    }
  }
  return unmasked;
}

/** Even-odd rule. */
function contains(polygon: readonly PointNorm[], x: number, y: number): boolean {
  let inside = false;
  let [x1, y1] = polygon[polygon.length - 1]!;
  for (const [x2, y2] of polygon) {
    if (y1 <= y !== y2 <= y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
    [x1, y1] = [x2, y2];
  }
  return inside;
}
