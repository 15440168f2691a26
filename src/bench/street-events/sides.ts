import type { Look } from './truth.ts';

/** A border as its configuration states it. */
export interface Border {
  /** Distance from the border, source pixels; positive on the side 1. */
  readonly depthPx: (look: Look) => number;
  /** Distance beyond the border at which sides change, source pixels. */
  readonly marginPx: (look: Look) => number;
  /** How far off noise can put a box, source pixels. */
  readonly noisePx: (look: Look) => number;
  /** What has crossed must stay for so long. */
  readonly holdMs: number;
  /** Side of what has not been beyond the border yet; 0: none, and taking one is no change. */
  readonly first: -1 | 0;
}

/** One change of sides. */
export interface Change {
  readonly side: -1 | 1;
  /** Between these it went beyond the margin, */
  readonly sinceMs: number;
  readonly sinceSureMs: number;
  /** and between these it had stayed there for as long as asked. */
  readonly atMs: number;
  readonly atSureMs: number;
  /** Noise decides whether it is one. */
  readonly open: boolean;
}

interface Step {
  readonly side: -1 | 1;
  readonly sinceMs: number;
  readonly atMs: number;
}

/**
 * The changes of sides in one visit: those of the border's own hysteresis with all noise in favour of each change, paired
 * with those with all noise against it. What only the first finds is open.
 *
 * @param noiseMs for so long frames may be missed
 */
export function changesOf(looks: readonly Look[], border: Border, noiseMs: number): Change[] {
  const possible = stepsOf(looks, border, 1, border.holdMs);
  const sure = stepsOf(looks, border, -1, border.holdMs + noiseMs);
  return possible.map(({ side, sinceMs, atMs }, i): Change => {
    const nextMs = possible[i + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    const pair = sure.find((step) => step.side === side && step.atMs >= atMs && step.sinceMs < nextMs);
    const end = nextMs === Number.POSITIVE_INFINITY ? looks.at(-1)!.atMs : nextMs;
    return {
      side,
      sinceMs,
      sinceSureMs: pair?.sinceMs ?? end,
      atMs,
      atSureMs: pair?.atMs ?? end,
      open: pair === undefined,
    };
  });
}

/** A Schmitt trigger in place and time over what is seen. @param lean 1: noise helps every change; -1: it hinders */
function stepsOf(looks: readonly Look[], border: Border, lean: -1 | 1, holdMs: number): Step[] {
  const steps: Step[] = [];
  let side: -1 | 0 | 1 = border.first;
  // Who appears beyond the border has come over none: no margin then.
  let wasOutside = false;
  let pending: { side: -1 | 1; sinceMs: number } | undefined;
  for (const look of looks) {
    const depth = border.depthPx(look);
    const noise = lean * border.noisePx(look);
    const margin = border.marginPx(look);
    if (depth < -margin - noise) wasOutside = true;
    const to: -1 | 1 = side === 0 ? (depth > 0 ? 1 : -1) : side === 1 ? -1 : 1;
    const needed = border.first === -1 && side === -1 && !wasOutside ? 0 : margin;
    if (to * depth <= -noise) pending = undefined;
    else if (pending === undefined && to * depth > needed - noise) pending = { side: to, sinceMs: look.atMs };
    if (pending === undefined || look.atMs - pending.sinceMs < holdMs) continue;
    if (side !== 0) steps.push({ ...pending, atMs: look.atMs });
    side = pending.side;
    pending = undefined;
  }
  return steps;
}
