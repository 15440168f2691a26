import { AssignmentSolver } from '../track/assignment.ts';
import type { MotSequence } from './mot-sequence.ts';

/** IoU from which a tracked box is at the place of a ground-truth box, for the CLEAR and Identity metrics. */
export const MATCH_IOU = 0.5;

/** Counts of the Identity metrics; sequences are combined by adding them. */
export interface IdentityCounts {
  idTruePositives: number;
  idFalseNegatives: number;
  idFalsePositives: number;
}

/** 0..1. */
export interface IdentityScores {
  readonly idf1: number;
  readonly idRecall: number;
  readonly idPrecision: number;
}

/**
 * Identity metrics: E. Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking",
 * ECCV workshops 2016, at IoU 0.5: one assignment of whole tracks to whole objects. To minimise the boxes in error, as
 * the paper says, is to maximise the boxes in agreement.
 */
export function identityCounts({ frames, gtIdCount, trackIdCount }: MotSequence): IdentityCounts {
  const agreeing = new Float64Array(gtIdCount * trackIdCount);
  let gtBoxes = 0;
  let trackedBoxes = 0;
  for (const { gtIds, trackIds, similarity } of frames) {
    gtBoxes += gtIds.length;
    trackedBoxes += trackIds.length;
    const cols = trackIds.length;
    similarity.forEach((value, cell) => {
      if (value < MATCH_IOU) return;
      agreeing[gtIds[Math.floor(cell / cols)]! * trackIdCount + trackIds[cell % cols]!]! += 1;
    });
  }
  const trackOfGt = new Int32Array(gtIdCount);
  new AssignmentSolver().solve(agreeing, gtIdCount, trackIdCount, trackOfGt);
  let idTruePositives = 0;
  trackOfGt.forEach((track, gtId) => {
    if (track >= 0) idTruePositives += agreeing[gtId * trackIdCount + track]!;
  });
  return {
    idTruePositives,
    idFalseNegatives: gtBoxes - idTruePositives,
    idFalsePositives: trackedBoxes - idTruePositives,
  };
}

export function combineIdentity(sequences: readonly IdentityCounts[]): IdentityCounts {
  const total: IdentityCounts = { idTruePositives: 0, idFalseNegatives: 0, idFalsePositives: 0 };
  for (const counts of sequences) {
    total.idTruePositives += counts.idTruePositives;
    total.idFalseNegatives += counts.idFalseNegatives;
    total.idFalsePositives += counts.idFalsePositives;
  }
  return total;
}

export function identityScores(counts: IdentityCounts): IdentityScores {
  const { idTruePositives: tp, idFalseNegatives: fn, idFalsePositives: fp } = counts;
  return {
    idf1: tp / Math.max(1, tp + 0.5 * fp + 0.5 * fn),
    idRecall: tp / Math.max(1, tp + fn),
    idPrecision: tp / Math.max(1, tp + fp),
  };
}
