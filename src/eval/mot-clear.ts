import { AssignmentSolver } from '../track/assignment.ts';
import { MATCH_IOU } from './mot-identity.ts';
import type { MotSequence } from './mot-sequence.ts';

/** Counts of the CLEAR MOT metrics; sequences are combined by adding them. */
export interface ClearCounts {
  truePositives: number;
  falseNegatives: number;
  falsePositives: number;
  idSwitches: number;
  /** Sum over the true positives of the IoU. */
  overlap: number;
  mostlyTracked: number;
  partlyTracked: number;
  mostlyLost: number;
  fragmentations: number;
}

export interface ClearScores {
  /** At most 1, and below 0 where errors outnumber the objects. */
  readonly mota: number;
  /** Mean IoU of the matches, 0..1. */
  readonly motp: number;
  readonly recall: number;
  readonly precision: number;
}

/** What went wrong with the identity of an object, at the frame in which it was found again. */
export interface MotIncident {
  readonly kind: 'id_switch' | 'fragmentation';
  /** From 1. */
  readonly frame: number;
  /** Ids as the files have them. */
  readonly gtId: number;
  readonly fromTrackId: number;
  readonly toTrackId: number;
  /** Frames since the object was last matched. */
  readonly gapFrames: number;
}

/** More than any IoU: a pair that was matched in the previous frame stays matched. */
const CONTINUITY = 1000;
const NOBODY = -1;

/**
 * CLEAR MOT: K. Bernardin, R. Stiefelhagen, "Evaluating Multiple Object Tracking Performance: The CLEAR MOT Metrics",
 * EURASIP JIVP 2008, at IoU 0.5, with TrackEval's details.
 *
 * @param onIncident called for every identity switch and fragmentation, in the order of the frames
 */
export function clearCounts(
  sequence: MotSequence,
  onIncident: (incident: MotIncident) => void = () => {},
): ClearCounts {
  const { frames, gtIdCount, gtNames, trackNames } = sequence;
  const counts = noCounts();
  const solver = new AssignmentSolver();
  const lastTrack = new Int32Array(gtIdCount).fill(NOBODY);
  const previousTrack = new Int32Array(gtIdCount).fill(NOBODY);
  const presentFrames = new Int32Array(gtIdCount);
  const matchedFrames = new Int32Array(gtIdCount);
  const stretches = new Int32Array(gtIdCount);
  const lastFrame = new Int32Array(gtIdCount);
  for (const [index, { gtIds, trackIds, similarity }] of frames.entries()) {
    const cols = trackIds.length;
    for (const id of gtIds) presentFrames[id]! += 1;
    if (gtIds.length === 0 || cols === 0) {
      // As TrackEval: such a frame leaves the memory of who was matched as it is.
      counts.falseNegatives += gtIds.length;
      counts.falsePositives += cols;
      continue;
    }
    const score = similarity.map((value, cell) => {
      if (value < MATCH_IOU - Number.EPSILON) return 0;
      const continues = previousTrack[gtIds[Math.floor(cell / cols)]!] === trackIds[cell % cols];
      return value + (continues ? CONTINUITY : 0);
    });
    const colOfRow = new Int32Array(gtIds.length);
    solver.solve(score, gtIds.length, cols, colOfRow);
    const wasTracked = previousTrack.map((track) => (track === NOBODY ? 0 : 1));
    previousTrack.fill(NOBODY);
    let matched = 0;
    gtIds.forEach((gtId, row) => {
      const col = colOfRow[row]!;
      if (col < 0) return;
      const trackId = trackIds[col]!;
      matched += 1;
      counts.overlap += similarity[row * cols + col]!;
      const tell = (kind: MotIncident['kind']) =>
        onIncident({
          kind,
          frame: index + 1,
          gtId: gtNames[gtId]!,
          fromTrackId: trackNames[lastTrack[gtId]!]!,
          toTrackId: trackNames[trackId]!,
          gapFrames: index - lastFrame[gtId]!,
        });
      if (lastTrack[gtId] !== NOBODY && lastTrack[gtId] !== trackId) {
        counts.idSwitches += 1;
        tell('id_switch');
      }
      if (wasTracked[gtId] === 0) {
        stretches[gtId]! += 1;
        if (lastTrack[gtId] !== NOBODY) tell('fragmentation');
      }
      lastFrame[gtId] = index;
      lastTrack[gtId] = trackId;
      previousTrack[gtId] = trackId;
      matchedFrames[gtId]! += 1;
    });
    counts.truePositives += matched;
    counts.falseNegatives += gtIds.length - matched;
    counts.falsePositives += cols - matched;
  }
  for (let id = 0; id < gtIdCount; id += 1) {
    const ratio = matchedFrames[id]! / presentFrames[id]!;
    if (ratio > 0.8) counts.mostlyTracked += 1;
    else if (ratio >= 0.2) counts.partlyTracked += 1;
    else counts.mostlyLost += 1;
    counts.fragmentations += Math.max(0, stretches[id]! - 1);
  }
  return counts;
}

function noCounts(): ClearCounts {
  return {
    truePositives: 0,
    falseNegatives: 0,
    falsePositives: 0,
    idSwitches: 0,
    overlap: 0,
    mostlyTracked: 0,
    partlyTracked: 0,
    mostlyLost: 0,
    fragmentations: 0,
  };
}

export function combineClear(sequences: readonly ClearCounts[]): ClearCounts {
  const total = noCounts();
  for (const counts of sequences) {
    for (const key of Object.keys(total) as (keyof ClearCounts)[]) total[key] += counts[key];
  }
  return total;
}

export function clearScores(counts: ClearCounts): ClearScores {
  const { truePositives, falseNegatives, falsePositives, idSwitches, overlap } = counts;
  return {
    mota: (truePositives - falsePositives - idSwitches) / Math.max(1, truePositives + falseNegatives),
    motp: overlap / Math.max(1, truePositives),
    recall: truePositives / Math.max(1, truePositives + falseNegatives),
    precision: truePositives / Math.max(1, truePositives + falsePositives),
  };
}
