/** Jain's fairness index, 1/n..1: 1 when all shares are equal (Jain, Chiu and Hawe, DEC TR-301, 1984). NaN of no shares. */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share ** 2, 0);
  return sum ** 2 / (shares.length * squares);
}
