import type { BoxNorm } from '../flow/geometry.ts';

export interface Region {
  readonly cells: number;
  readonly boxNorm: BoxNorm;
}

/** Finds connected regions (8 neighbours) of a grid of 0 and 1. Its buffers are reused. */
export class RegionFinder {
  readonly #width: number;
  readonly #height: number;
  readonly #pending: Int32Array;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#pending = new Int32Array(width * height);
  }

  /** Regions of at least `minCells`; `grid` is all 0 afterwards. */
  find(grid: Uint8Array, minCells: number): Region[] {
    const regions: Region[] = [];
    const [width, height] = [this.#width, this.#height];
    for (let start = grid.indexOf(1); start !== -1; start = grid.indexOf(1, start + 1)) {
      const [cells, x1, y1, x2, y2] = this.#flood(grid, start);
      if (cells < minCells) continue;
      regions.push({ cells, boxNorm: [x1 / width, y1 / height, (x2 + 1) / width, (y2 + 1) / height] });
    }
    return regions;
  }

  /** Clears one region; its size and the cells that bound it. */
  #flood(grid: Uint8Array, start: number): [cells: number, x1: number, y1: number, x2: number, y2: number] {
    const [width, height, pending] = [this.#width, this.#height, this.#pending];
    let [cells, x1, y1, x2, y2] = [0, width, height, 0, 0];
    let top = 0;
    pending[top++] = start;
    grid[start] = 0;
    while (top > 0) {
      const cell = pending[--top]!;
      const x = cell % width;
      const y = (cell - x) / width;
      cells += 1;
      x1 = Math.min(x1, x);
      x2 = Math.max(x2, x);
      y1 = Math.min(y1, y);
      y2 = Math.max(y2, y);
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const neighbour = ny * width + nx;
          if (grid[neighbour] === 0) continue;
          grid[neighbour] = 0;
          pending[top++] = neighbour;
        }
      }
    }
    return [cells, x1, y1, x2, y2];
  }
}
