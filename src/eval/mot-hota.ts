import { AssignmentSolver } from '../track/assignment.ts';
import type { MotSequence } from './mot-sequence.ts';

/** Localisation thresholds .05, .10 ... .95. */
export const HOTA_ALPHAS: readonly number[] = Array.from({ length: 19 }, (_, index) => (index + 1) * 0.05);

/** Sums per alpha, from which HOTA follows; sequences are combined by adding them. */
export interface HotaSums {
  readonly truePositives: Float64Array;
  readonly falseNegatives: Float64Array;
  readonly falsePositives: Float64Array;
  /** Sum over the true positives of the IoU. */
  readonly localisation: Float64Array;
  /** Sum over the true positives of their association Jaccard, recall and precision. */
  readonly association: Float64Array;
  readonly associationRecall: Float64Array;
  readonly associationPrecision: Float64Array;
}

/** Means over the alphas, 0..1. */
export interface HotaScores {
  readonly hota: number;
  readonly detA: number;
  readonly assA: number;
  readonly locA: number;
  readonly detRe: number;
  readonly detPr: number;
  readonly assRe: number;
  readonly assPr: number;
}

function emptySums(): HotaSums {
  const zeros = () => new Float64Array(HOTA_ALPHAS.length);
  return {
    truePositives: zeros(),
    falseNegatives: zeros(),
    falsePositives: zeros(),
    localisation: zeros(),
    association: zeros(),
    associationRecall: zeros(),
    associationPrecision: zeros(),
  };
}

/**
 * HOTA: J. Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", IJCV 2020, with the
 * matching of TrackEval: one assignment per frame that prefers pairs which agree over the whole sequence.
 */
export function hotaSums(sequence: MotSequence): HotaSums {
  const sums = emptySums();
  const { frames, trackIdCount } = sequence;
  const { alignment, gtLengths, trackLengths } = globalAlignment(sequence);
  const matches = HOTA_ALPHAS.map(() => new Int32Array(sequence.gtIdCount * trackIdCount));
  const solver = new AssignmentSolver();
  for (const { gtIds, trackIds, similarity } of frames) {
    const score = new Float64Array(similarity.length);
    const cols = trackIds.length;
    for (let cell = 0; cell < score.length; cell += 1) {
      const pair = gtIds[Math.floor(cell / cols)]! * trackIdCount + trackIds[cell % cols]!;
      score[cell] = alignment[pair]! * similarity[cell]!;
    }
    const colOfRow = new Int32Array(gtIds.length);
    solver.solve(score, gtIds.length, cols, colOfRow);
    HOTA_ALPHAS.forEach((alpha, a) => {
      let matched = 0;
      for (let row = 0; row < gtIds.length; row += 1) {
        const col = colOfRow[row]!;
        if (col < 0) continue;
        const overlap = similarity[row * cols + col]!;
        if (overlap < alpha - Number.EPSILON) continue;
        matched += 1;
        sums.localisation[a]! += overlap;
        matches[a]![gtIds[row]! * trackIdCount + trackIds[col]!]! += 1;
      }
      sums.truePositives[a]! += matched;
      sums.falseNegatives[a]! += gtIds.length - matched;
      sums.falsePositives[a]! += cols - matched;
    });
  }
  matches.forEach((counts, a) => {
    for (let pair = 0; pair < counts.length; pair += 1) {
      const count = counts[pair]!;
      if (count === 0) continue;
      const gtLength = gtLengths[Math.floor(pair / trackIdCount)]!;
      const trackLength = trackLengths[pair % trackIdCount]!;
      sums.association[a]! += (count * count) / (gtLength + trackLength - count);
      sums.associationRecall[a]! += (count * count) / gtLength;
      sums.associationPrecision[a]! += (count * count) / trackLength;
    }
  });
  return sums;
}

/** How much each ground-truth object and each track belong together over the sequence, 0..1. */
function globalAlignment({ frames, gtIdCount, trackIdCount }: MotSequence) {
  const shared = new Float64Array(gtIdCount * trackIdCount);
  const gtLengths = new Int32Array(gtIdCount);
  const trackLengths = new Int32Array(trackIdCount);
  for (const { gtIds, trackIds, similarity } of frames) {
    const cols = trackIds.length;
    const rowSums = new Float64Array(gtIds.length);
    const colSums = new Float64Array(cols);
    similarity.forEach((value, cell) => {
      rowSums[Math.floor(cell / cols)]! += value;
      colSums[cell % cols]! += value;
    });
    similarity.forEach((value, cell) => {
      if (value <= 0) return;
      const row = Math.floor(cell / cols);
      const col = cell % cols;
      shared[gtIds[row]! * trackIdCount + trackIds[col]!]! += value / (rowSums[row]! + colSums[col]! - value);
    });
    for (const id of gtIds) gtLengths[id]! += 1;
    for (const id of trackIds) trackLengths[id]! += 1;
  }
  const alignment = shared.map((value, pair) => {
    const union = gtLengths[Math.floor(pair / trackIdCount)]! + trackLengths[pair % trackIdCount]! - value;
    return value / union;
  });
  return { alignment, gtLengths, trackLengths };
}

/** Adds up sequences: every detection weighs the same, whichever sequence it is from. */
export function combineHota(sequences: readonly HotaSums[]): HotaSums {
  const total = emptySums();
  for (const sums of sequences) {
    for (const key of Object.keys(total) as (keyof HotaSums)[]) {
      for (let a = 0; a < HOTA_ALPHAS.length; a += 1) total[key][a]! += sums[key][a]!;
    }
  }
  return total;
}

/** HOTA and its parts at every alpha, 0..1, in the order of `HOTA_ALPHAS`. */
export function hotaCurves(sums: HotaSums): Readonly<Record<'hota' | 'detA' | 'assA' | 'locA', number[]>> {
  const at = (of: (a: number) => number) => HOTA_ALPHAS.map((_, a) => of(a));
  const tp = (a: number) => sums.truePositives[a]!;
  const detA = at((a) => tp(a) / Math.max(1, tp(a) + sums.falseNegatives[a]! + sums.falsePositives[a]!));
  const assA = at((a) => sums.association[a]! / Math.max(1, tp(a)));
  return {
    hota: at((a) => Math.sqrt(detA[a]! * assA[a]!)),
    detA,
    assA,
    // Without a match there is nothing badly placed: TrackEval calls that 1.
    locA: at((a) => (tp(a) === 0 ? 1 : sums.localisation[a]! / tp(a))),
  };
}

export function hotaScores(sums: HotaSums): HotaScores {
  const curves = hotaCurves(sums);
  const mean = (at: (a: number) => number) =>
    HOTA_ALPHAS.reduce((total, _, a) => total + at(a), 0) / HOTA_ALPHAS.length;
  const tp = (a: number) => sums.truePositives[a]!;
  const fn = (a: number) => sums.falseNegatives[a]!;
  const fp = (a: number) => sums.falsePositives[a]!;
  return {
    hota: mean((a) => curves.hota[a]!),
    detA: mean((a) => curves.detA[a]!),
    assA: mean((a) => curves.assA[a]!),
    locA: mean((a) => curves.locA[a]!),
    detRe: mean((a) => tp(a) / Math.max(1, tp(a) + fn(a))),
    detPr: mean((a) => tp(a) / Math.max(1, tp(a) + fp(a))),
    assRe: mean((a) => sums.associationRecall[a]! / Math.max(1, tp(a))),
    assPr: mean((a) => sums.associationPrecision[a]! / Math.max(1, tp(a))),
  };
}
