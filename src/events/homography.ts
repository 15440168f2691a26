/** A point in any plane. */
export type Point = readonly [x: number, y: number];

/** Row by row. */
type Matrix = [number, number, number, number, number, number, number, number, number];

/**
 * The plane-to-plane map that takes four points to four others: direct linear transform with normalised coordinates
 * (Hartley and Zisserman, Multiple View Geometry, 2nd ed., section 4.1 and algorithm 4.2).
 */
export class Homography {
  /** Row by row; the last entry is 1. */
  readonly #h: readonly number[];
  readonly #from: Similarity;
  readonly #to: Similarity;

  private constructor(h: readonly number[], from: Similarity, to: Similarity) {
    this.#h = h;
    this.#from = from;
    this.#to = to;
  }

  /** @returns undefined when three of the points lie on one line: no map is the only one then */
  static of(from: readonly Point[], to: readonly Point[]): Homography | undefined {
    const a = new Similarity(from);
    const b = new Similarity(to);
    const rows = from.slice(0, 4).flatMap((point, i) => {
      const [x, y] = a.apply(point);
      const [u, v] = b.apply(to[i]!);
      return [
        [x, y, 1, 0, 0, 0, -u * x, -u * y, u],
        [0, 0, 0, x, y, 1, -v * x, -v * y, v],
      ];
    });
    const h = solve(rows);
    if (h === undefined || Math.abs(determinant([...h, 1])) < 1e-9) return undefined;
    return new Homography([...h, 1], a, b);
  }

  /** @returns undefined for a point on or beyond the horizon */
  map(point: Point): Point | undefined {
    const [x, y] = this.#from.apply(point);
    const [a, b, c, d, e, f, g, h, i] = this.#h as Matrix;
    const w = g * x + h * y + i;
    // The four points' middle has w = 1: what has another sign lies on the other side of the horizon.
    if (w < 1e-9) return undefined;
    return this.#to.invert([(a * x + b * y + c) / w, (d * x + e * y + f) / w]);
  }
}

function determinant(rows: readonly number[]): number {
  const [a, b, c, d, e, f, g, h, i] = rows as Matrix;
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

/** Moves points so that their middle is the origin and their mean distance from it is the square root of 2. */
class Similarity {
  readonly #middle: Point;
  readonly #scale: number;

  constructor(points: readonly Point[]) {
    const mean = (of: (point: Point) => number) =>
      points.reduce((sum, point) => sum + of(point), 0) / points.length;
    const [x, y] = [mean((point) => point[0]), mean((point) => point[1])];
    this.#middle = [x, y];
    const distance = mean((point) => Math.hypot(point[0] - x, point[1] - y));
    this.#scale = distance > 0 ? Math.SQRT2 / distance : 1;
  }

  apply([x, y]: Point): Point {
    return [(x - this.#middle[0]) * this.#scale, (y - this.#middle[1]) * this.#scale];
  }

  invert([x, y]: Point): Point {
    return [x / this.#scale + this.#middle[0], y / this.#scale + this.#middle[1]];
  }
}

/** Gauss elimination with partial pivoting of n rows of n + 1 numbers; undefined when they do not determine a solution. */
function solve(rows: number[][]): number[] | undefined {
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let r = column + 1; r < n; r++) {
      if (Math.abs(rows[r]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = r;
    }
    if (Math.abs(rows[pivot]![column]!) < 1e-9) return undefined;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let r = 0; r < n; r++) {
      if (r === column) continue;
      const factor = rows[r]![column]! / rows[column]![column]!;
      for (let c = column; c <= n; c++) rows[r]![c]! -= factor * rows[column]![c]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}
