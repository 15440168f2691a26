/** How far behind the newest fragment playing is meant to be, s: enough for the jitter of a network. */
const TARGET_S = 0.35;
/** Beyond this, playing is a little faster until it is back. */
const LATE_S = 0.6;
/** Beyond this, the rest is skipped: nobody wants to see it faster than that. */
const LOST_S = 1.2;
const FASTER = 1.06;

/** What playing should do, so that it stays close to live: go on at a rate, or jump. */
export type EdgeMove = { readonly rate: number } | { readonly seekToS: number };

/**
 * @param atS where playing is, s
 * @param startS begin of the newest stretch of buffered video
 * @param endS its end
 * @param rate of now, so that catching up goes on until the target is reached
 */
export function moveToEdge(atS: number, startS: number, endS: number, rate: number): EdgeMove {
  const behindS = endS - atS;
  if (behindS > LOST_S || atS < startS) return { seekToS: Math.max(startS, endS - TARGET_S) };
  if (behindS > LATE_S) return { rate: FASTER };
  return { rate: rate > 1 && behindS > TARGET_S ? rate : 1 };
}
