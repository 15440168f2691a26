/** A closed outline as x0, y0, x1, y1, ...; the last corner joins the first. Filled by the even-odd rule. */
export type Polygon = readonly number[];

/** Gets one row's coverage, 0..1 for x in xFrom..xTo-1. The array is reused by the next row. */
export type RowSink = (y: number, xFrom: number, xTo: number, coverage: Float32Array) => void;

const SUBROWS = 4;
const MAX_CROSSINGS = 64;

/**
 * Scan-line polygon filling with antialiasing: exact coverage along x, four sub-rows along y. One primitive draws the
 * whole scene, so that luma, chroma and the ground truth's silhouettes agree.
 */
export class Rasteriser {
  readonly #coverage: Float32Array;
  readonly #crossings = new Float64Array(MAX_CROSSINGS);
  readonly #widthPx: number;
  readonly #heightPx: number;

  constructor(widthPx: number, heightPx: number) {
    this.#widthPx = widthPx;
    this.#heightPx = heightPx;
    this.#coverage = new Float32Array(widthPx + 1);
  }

  /** Fills `polygon` after x -> x * scaleX + shiftX, y -> y * scaleY; what lies outside the picture is clipped. */
  fill(polygon: Polygon, scaleX: number, scaleY: number, shiftX: number, sink: RowSink): void {
    const bounds = boundsOf(polygon);
    const xFrom = Math.max(0, Math.floor(bounds[0] * scaleX + shiftX));
    const xTo = Math.min(this.#widthPx, Math.ceil(bounds[2] * scaleX + shiftX));
    const yFrom = Math.max(0, Math.floor(bounds[1] * scaleY));
    const yTo = Math.min(this.#heightPx, Math.ceil(bounds[3] * scaleY));
    if (xFrom >= xTo) return;
    for (let y = yFrom; y < yTo; y++) {
      this.#coverage.fill(0, xFrom, xTo + 1);
      for (let sub = 0; sub < SUBROWS; sub++) {
        const yScan = (y + (sub + 0.5) / SUBROWS) / scaleY;
        const count = this.#cross(polygon, yScan, scaleX, shiftX);
        for (let i = 0; i + 1 < count; i += 2) {
          this.#addSpan(this.#crossings[i]!, this.#crossings[i + 1]!, xFrom, xTo);
        }
      }
      sink(y, xFrom, xTo, this.#coverage);
    }
  }

  /** Sorted x at which the outline crosses a horizontal line. */
  #cross(polygon: Polygon, y: number, scaleX: number, shiftX: number): number {
    const crossings = this.#crossings;
    const length = polygon.length;
    let count = 0;
    let x1 = polygon[length - 2]!;
    let y1 = polygon[length - 1]!;
    for (let i = 0; i < length; i += 2) {
      const x2 = polygon[i]!;
      const y2 = polygon[i + 1]!;
      if (y1 <= y !== y2 <= y && count < MAX_CROSSINGS) {
        const x = (x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) * scaleX + shiftX;
        let slot = count++;
        while (slot > 0 && crossings[slot - 1]! > x) {
          crossings[slot] = crossings[slot - 1]!;
          slot -= 1;
        }
        crossings[slot] = x;
      }
      x1 = x2;
      y1 = y2;
    }
    return count;
  }

  #addSpan(from: number, to: number, xFrom: number, xTo: number): void {
    const a = Math.max(xFrom, from);
    const b = Math.min(xTo, to);
    if (b <= a) return;
    const coverage = this.#coverage;
    const first = Math.floor(a);
    const last = Math.floor(b);
    const part = 1 / SUBROWS;
    if (first === last) {
      coverage[first]! += (b - a) * part;
      return;
    }
    coverage[first]! += (first + 1 - a) * part;
    for (let x = first + 1; x < last; x++) coverage[x]! += part;
    coverage[last]! += (b - last) * part;
  }
}

/** Smallest x, smallest y, largest x, largest y. */
export function boundsOf(polygon: Polygon): [number, number, number, number] {
  let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < polygon.length; i += 2) {
    const x = polygon[i]!;
    const y = polygon[i + 1]!;
    if (x < x1) x1 = x;
    if (x > x2) x2 = x;
    if (y < y1) y1 = y;
    if (y > y2) y2 = y;
  }
  return [x1, y1, x2, y2];
}
