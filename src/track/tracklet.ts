import type { Detection } from '../flow/detection.ts';
import type { BoxPx } from '../flow/geometry.ts';
import type { Track, TrackState } from '../flow/track.ts';
import { BoxFilter } from './box-filter.ts';
import type { PictureShift } from './camera-motion.ts';
import type { TrackerOptions } from './options.ts';

/** Past observations kept for the direction of motion. */
const HISTORY_LENGTH = 16;
/** Most virtual observations that fill a gap, and their usual distance. */
const MAX_VIRTUAL_STEPS = 16;
const VIRTUAL_STEP_MS = 50;

/** One object being followed: its motion, what was seen of it and how sure we are. */
export class Tracklet {
  readonly trackId: number;
  confirmed = false;
  lastSeenMonoMs: number;
  /** The last detection's own box, not the filter's. */
  lastBoxPx: BoxPx;
  /** Where the filter expects the box in the frame being processed. */
  predictedBoxPx: BoxPx;
  /** Unit vector of the recent direction of motion; 0, 0 while there is none. */
  directionX = 0;
  directionY = 0;
  /** Observation that the direction starts from. */
  anchorX = 0;
  anchorY = 0;

  readonly #options: TrackerOptions;
  readonly #filter: BoxFilter;
  readonly #firstSeenMonoMs: number;
  readonly #history = new Float64Array(3 * HISTORY_LENGTH);
  #observations = 0;
  #evidence = 0;
  #topScore = 0;
  #latest: Detection;
  #classes: Map<number, { label: string; evidence: number }> | undefined;

  constructor(trackId: number, detection: Detection, atMonoMs: number, options: TrackerOptions) {
    this.trackId = trackId;
    this.#options = options;
    this.#filter = new BoxFilter(detection.boxPx, options.motion);
    this.#firstSeenMonoMs = atMonoMs;
    this.#latest = detection;
    this.lastSeenMonoMs = atMonoMs;
    this.lastBoxPx = detection.boxPx;
    this.predictedBoxPx = detection.boxPx;
    this.#note(detection, atMonoMs);
  }

  get classId(): number {
    return this.#latest.classId;
  }

  predict(atMonoMs: number): void {
    this.predictedBoxPx = this.#filter.predict((atMonoMs - this.lastSeenMonoMs) / 1000);
  }

  /** The picture moved, and everything seen in it so far with it. */
  shift({ xPx, yPx }: PictureShift): void {
    const moved = ([x1, y1, x2, y2]: BoxPx): BoxPx => [x1 + xPx, y1 + yPx, x2 + xPx, y2 + yPx];
    this.#filter.shift(xPx, yPx);
    this.lastBoxPx = moved(this.lastBoxPx);
    this.predictedBoxPx = moved(this.predictedBoxPx);
    this.anchorX += xPx;
    this.anchorY += yPx;
    for (let at = 0; at < this.#history.length; at += 3) {
      this.#history[at]! += xPx;
      this.#history[at + 1]! += yPx;
    }
  }

  /**
   * Takes a detection as this object's. After a gap the filter is first led along a straight line from the last
   * observation to this one (OC-SORT's observation-centric re-update), so that it does not learn the jump as a velocity.
   *
   * @param missed whether frames passed without an observation
   */
  match(detection: Detection, atMonoMs: number, missed: boolean): void {
    const gapMs = atMonoMs - this.lastSeenMonoMs;
    const steps = missed ? Math.min(MAX_VIRTUAL_STEPS, Math.max(1, Math.round(gapMs / VIRTUAL_STEP_MS))) : 1;
    for (let step = 1; step <= steps; step += 1) {
      this.#filter.measure(between(this.lastBoxPx, detection.boxPx, step / steps), gapMs / steps / 1000);
    }
    this.lastSeenMonoMs = atMonoMs;
    this.lastBoxPx = detection.boxPx;
    this.#latest = detection;
    this.#note(detection, atMonoMs);
  }

  /** This object as of now, a value of its own. */
  snapshot(atMonoMs: number): Track {
    const seen = this.lastSeenMonoMs === atMonoMs;
    const { label, classId } = this.#identity();
    return {
      trackId: this.trackId,
      label,
      classId,
      state: this.#state(seen),
      score: this.#latest.score,
      topScore: this.#topScore,
      boxPx: seen ? this.#filter.predict(0) : this.predictedBoxPx,
      velocityPxPerS: this.#filter.velocityPxPerS,
      hits: this.#observations,
      firstSeenMonoMs: this.#firstSeenMonoMs,
      lastSeenMonoMs: this.lastSeenMonoMs,
    };
  }

  #state(seen: boolean): TrackState {
    if (!this.confirmed) return 'tentative';
    return seen ? 'confirmed' : 'lost';
  }

  #note(detection: Detection, atMonoMs: number): void {
    this.#evidence += detection.score;
    this.confirmed ||= this.#evidence >= this.#options.confirmScore;
    this.#topScore = Math.max(this.#topScore, detection.score);
    if (this.#options.classAgnostic) this.#noteClass(detection);
    this.#turn(detection.boxPx, atMonoMs);
  }

  /** Updates the direction of motion, from the observation about `momentumMs` ago to this one. */
  #turn(box: BoxPx, atMonoMs: number): void {
    const x = (box[0] + box[2]) / 2;
    const y = (box[1] + box[3]) / 2;
    const history = this.#history;
    const oldest = Math.max(0, this.#observations - HISTORY_LENGTH);
    for (let index = this.#observations - 1; index >= oldest; index -= 1) {
      const at = 3 * (index % HISTORY_LENGTH);
      this.anchorX = history[at]!;
      this.anchorY = history[at + 1]!;
      if (history[at + 2]! <= atMonoMs - this.#options.momentumMs) break;
    }
    if (this.#observations > 0) {
      const length = Math.hypot(x - this.anchorX, y - this.anchorY);
      this.directionX = length === 0 ? 0 : (x - this.anchorX) / length;
      this.directionY = length === 0 ? 0 : (y - this.anchorY) / length;
    }
    const at = 3 * (this.#observations % HISTORY_LENGTH);
    history[at] = x;
    history[at + 1] = y;
    history[at + 2] = atMonoMs;
    this.#observations += 1;
  }

  /** With changing classes, an object is what most of its scores say. */
  #noteClass({ classId, label, score }: Detection): void {
    this.#classes ??= new Map();
    const known = this.#classes.get(classId);
    if (known === undefined) this.#classes.set(classId, { label, evidence: score });
    else known.evidence += score;
  }

  #identity(): { label: string; classId: number } {
    let best: { label: string; classId: number } = this.#latest;
    let bestEvidence = 0;
    for (const [classId, { label, evidence }] of this.#classes ?? []) {
      if (evidence > bestEvidence) {
        best = { label, classId };
        bestEvidence = evidence;
      }
    }
    return best;
  }
}

function between(from: BoxPx, to: BoxPx, share: number): BoxPx {
  const at = (index: 0 | 1 | 2 | 3) => from[index] + (to[index] - from[index]) * share;
  return share === 1 ? to : [at(0), at(1), at(2), at(3)];
}
