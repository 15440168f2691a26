/**
 * Optimal assignment between the rows and columns of a gain matrix, such as tracks and detections.
 *
 * Shortest augmenting paths with dual variables, O(n^3): R. Jonker, A. Volgenant, "A shortest augmenting path algorithm
 * for dense and sparse linear assignment problems", Computing 38, 1987, in the rectangular form of D. F. Crouse, "On
 * implementing 2D rectangular assignment algorithms", IEEE TAES 52(4), 2016.
 *
 * Gating is part of the problem, not a filter after it: a pair of no gain is the same as staying alone, so the optimum
 * never gives up a good pair to make a forbidden one.
 */
export class AssignmentSolver {
  #cost = new Float64Array(0);
  #rowDual = new Float64Array(0);
  #colDual = new Float64Array(0);
  #pathCost = new Float64Array(0);
  #pathRow = new Int32Array(0);
  #rowOfCol = new Int32Array(0);
  #colOfRow = new Int32Array(0);
  #colDone = new Uint8Array(0);
  #rowDone = new Uint8Array(0);

  /**
   * Maximises the sum of the gains of the chosen pairs; each row and each column is in at most one of them.
   *
   * @param gain row-major, `rowCount * colCount`; a pair whose gain is not above 0 (or is NaN) is never chosen
   * @param colOfRow written: the column of each row, -1 for a row that stays alone; at least `rowCount` long
   */
  solve(gain: Float64Array, rowCount: number, colCount: number, colOfRow: Int32Array): void {
    colOfRow.fill(-1, 0, rowCount);
    if (rowCount === 0 || colCount === 0) return;
    // The algorithm wants at least as many columns as rows.
    const transposed = rowCount > colCount;
    const n = transposed ? colCount : rowCount;
    const m = transposed ? rowCount : colCount;
    this.#reserve(n, m);
    const cost = this.#cost;
    for (let row = 0; row < rowCount; row += 1) {
      for (let col = 0; col < colCount; col += 1) {
        const value = gain[row * colCount + col]!;
        cost[transposed ? col * m + row : row * m + col] = value > 0 ? -value : 0;
      }
    }
    for (let row = 0; row < n; row += 1) this.#augment(row, n, m);
    for (let row = 0; row < n; row += 1) {
      const col = this.#colOfRow[row]!;
      if (cost[row * m + col] === 0) continue;
      if (transposed) colOfRow[col] = row;
      else colOfRow[row] = col;
    }
  }

  /** Finds the cheapest way to give `start` a column, moving earlier rows where that is worth it. */
  #augment(start: number, n: number, m: number): void {
    const cost = this.#cost;
    const rowDual = this.#rowDual;
    const colDual = this.#colDual;
    const pathCost = this.#pathCost;
    const rowOfCol = this.#rowOfCol;
    pathCost.fill(Number.POSITIVE_INFINITY, 0, m);
    this.#colDone.fill(0, 0, m);
    this.#rowDone.fill(0, 0, n);
    let row = start;
    let lowest = 0;
    let sink = -1;
    while (sink === -1) {
      this.#rowDone[row] = 1;
      let next = -1;
      let nextCost = Number.POSITIVE_INFINITY;
      for (let col = 0; col < m; col += 1) {
        if (this.#colDone[col] === 1) continue;
        const reduced = lowest + cost[row * m + col]! - rowDual[row]! - colDual[col]!;
        if (reduced < pathCost[col]!) {
          pathCost[col] = reduced;
          this.#pathRow[col] = row;
        }
        const candidate = pathCost[col]!;
        // Of equal ends, a free column: the path is shorter.
        if (candidate < nextCost || (candidate === nextCost && rowOfCol[col] === -1)) {
          nextCost = candidate;
          next = col;
        }
      }
      lowest = nextCost;
      this.#colDone[next] = 1;
      if (rowOfCol[next] === -1) sink = next;
      else row = rowOfCol[next]!;
    }
    rowDual[start]! += lowest;
    for (let other = 0; other < n; other += 1) {
      if (this.#rowDone[other] === 1 && other !== start) {
        rowDual[other]! += lowest - pathCost[this.#colOfRow[other]!]!;
      }
    }
    for (let col = 0; col < m; col += 1) {
      if (this.#colDone[col] === 1) colDual[col]! -= lowest - pathCost[col]!;
    }
    for (let col = sink; ; ) {
      const owner = this.#pathRow[col]!;
      rowOfCol[col] = owner;
      const before = this.#colOfRow[owner]!;
      this.#colOfRow[owner] = col;
      if (owner === start) break;
      col = before;
    }
  }

  #reserve(n: number, m: number): void {
    if (this.#cost.length < n * m) this.#cost = new Float64Array(n * m);
    if (this.#colDual.length < m) {
      this.#rowDual = new Float64Array(m);
      this.#colDual = new Float64Array(m);
      this.#pathCost = new Float64Array(m);
      this.#pathRow = new Int32Array(m);
      this.#rowOfCol = new Int32Array(m);
      this.#colOfRow = new Int32Array(m);
      this.#colDone = new Uint8Array(m);
      this.#rowDone = new Uint8Array(m);
    }
    this.#rowDual.fill(0, 0, n);
    this.#colDual.fill(0, 0, m);
    this.#rowOfCol.fill(-1, 0, m);
    this.#colOfRow.fill(-1, 0, n);
  }
}
