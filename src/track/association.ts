import type { Detection } from '../flow/detection.ts';
import { type BoxPx, iou } from '../flow/geometry.ts';
import { AssignmentSolver } from './assignment.ts';
import type { Tracklet } from './tracklet.ts';

/** One round of matching. */
export interface MatchRound {
  readonly classAgnostic: boolean;
  /** Pairs that overlap less than the tracklet demands are impossible, IoU. */
  readonly minIouOf: (tracklet: Tracklet) => number;
  /** Weight of moving on in one direction against IoU; 0: IoU alone. */
  readonly momentumWeight: number;
  /** Which box of the tracklet is compared. */
  readonly boxOf: (tracklet: Tracklet) => BoxPx;
}

/** What a round leaves. */
export interface MatchResult {
  readonly pairs: readonly (readonly [tracklet: Tracklet, detection: Detection])[];
  readonly tracklets: readonly Tracklet[];
  readonly detections: readonly Detection[];
}

/** A pair just inside the gate still counts. */
const GATE_GAIN = 1e-6;

/** Matches tracklets with detections so that the sum of overlap and of steadiness of direction is largest. */
export class Associator {
  readonly #solver = new AssignmentSolver();
  #gain = new Float64Array(0);
  #colOfRow = new Int32Array(0);

  match(tracklets: readonly Tracklet[], detections: readonly Detection[], round: MatchRound): MatchResult {
    if (tracklets.length === 0 || detections.length === 0) return { pairs: [], tracklets, detections };
    this.#fillGain(tracklets, detections, round);
    this.#solver.solve(this.#gain, tracklets.length, detections.length, this.#colOfRow);
    const pairs: (readonly [Tracklet, Detection])[] = [];
    const unmatched: Tracklet[] = [];
    const taken = new Uint8Array(detections.length);
    for (let row = 0; row < tracklets.length; row += 1) {
      const col = this.#colOfRow[row]!;
      if (col < 0) {
        unmatched.push(tracklets[row]!);
      } else {
        pairs.push([tracklets[row]!, detections[col]!]);
        taken[col] = 1;
      }
    }
    return {
      pairs,
      tracklets: unmatched,
      detections: detections.filter((_, col) => taken[col] === 0),
    };
  }

  #fillGain(tracklets: readonly Tracklet[], detections: readonly Detection[], round: MatchRound): void {
    const cells = tracklets.length * detections.length;
    if (this.#gain.length < cells) this.#gain = new Float64Array(cells);
    if (this.#colOfRow.length < tracklets.length) this.#colOfRow = new Int32Array(tracklets.length);
    let cell = 0;
    for (const tracklet of tracklets) {
      const box = round.boxOf(tracklet);
      const minIou = round.minIouOf(tracklet);
      for (const detection of detections) {
        this.#gain[cell] = pairGain(tracklet, box, minIou, detection, round);
        cell += 1;
      }
    }
  }
}

function pairGain(
  tracklet: Tracklet,
  box: BoxPx,
  minIou: number,
  detection: Detection,
  { classAgnostic, momentumWeight }: MatchRound,
): number {
  if (!classAgnostic && tracklet.classId !== detection.classId) return 0;
  const overlap = iou(box, detection.boxPx);
  if (overlap === 0 || overlap < minIou) return 0;
  const steadiness = momentumWeight === 0 ? 0 : steadinessOf(tracklet, detection);
  return Math.max(GATE_GAIN, overlap - minIou + momentumWeight * detection.score * steadiness);
}

/** OC-SORT's observation-centric momentum: 0.5 straight on, 0 sideways, -0.5 straight back. */
function steadinessOf(tracklet: Tracklet, { boxPx }: Detection): number {
  const x = (boxPx[0] + boxPx[2]) / 2 - tracklet.anchorX;
  const y = (boxPx[1] + boxPx[3]) / 2 - tracklet.anchorY;
  const length = Math.hypot(x, y);
  if (length === 0) return 0;
  const cosine = (x * tracklet.directionX + y * tracklet.directionY) / length;
  return 0.5 - Math.acos(Math.min(1, Math.max(-1, cosine))) / Math.PI;
}
