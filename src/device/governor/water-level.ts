/** Somebody who wants a share of a budget. */
export interface Claim {
  /** Relative right to a share, above 0. */
  readonly weight: number;
  /** More is of no use. */
  readonly wanted: number;
  /** What one unit takes from the budget. */
  readonly cost: number;
}

/** Halvings after which a level is exact to more digits than anything is measured. */
const HALVINGS = 50;

/**
 * Weighted max-min fairness (Bertsekas and Gallager, Data Networks, 6.5.2) by water-filling: everybody may have
 * `max(floor, level * weight)`, with the highest level at which what is then taken stays within the budget. So nobody's share
 * can grow but at the cost of one that is, by weight, no greater, and who wants less than their share leaves the rest to the
 * others.
 *
 * @param floors least shares, descending; where the budget does not pay for one of them, everybody gets between the next and
 *   it, and the last one in any case
 * @returns the most that each may take, in the order of the claims; Infinity for all when the budget is enough
 */
export function shareOut(
  claims: readonly Claim[],
  budget: number,
  floors: readonly number[],
): readonly number[] {
  const all = claims.reduce((sum, { wanted, cost }) => sum + wanted * cost, 0);
  if (all <= budget) return claims.map(() => Number.POSITIVE_INFINITY);
  let ceiling = Number.POSITIVE_INFINITY;
  for (const floor of floors) {
    const most = between(floor, ceiling, claims, budget);
    if (most !== undefined) return most;
    ceiling = floor;
  }
  return claims.map(() => ceiling);
}

/** Shares within the budget, none below the floor nor above the ceiling; undefined when the floor costs more. */
function between(
  floor: number,
  ceiling: number,
  claims: readonly Claim[],
  budget: number,
): number[] | undefined {
  const at = (level: number) =>
    claims.map(({ weight }) => Math.min(ceiling, Math.max(floor, level * weight)));
  const taken = (most: readonly number[]) =>
    claims.reduce((sum, { wanted, cost }, i) => sum + Math.min(wanted, most[i]!) * cost, 0);
  if (taken(at(0)) > budget) return undefined;
  let [low, high] = [0, Math.max(...claims.map(({ wanted, weight }) => Math.min(wanted, ceiling) / weight))];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (taken(at(middle)) <= budget) low = middle;
    else high = middle;
  }
  return at(low);
}
