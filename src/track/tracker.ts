import { OcellusError } from '../base/errors.ts';
import type { Detection } from '../flow/detection.ts';
import { type BoxPx, iou } from '../flow/geometry.ts';
import type { Track, TrackUpdate } from '../flow/track.ts';
import { Associator, type MatchRound } from './association.ts';
import { commonShift } from './camera-motion.ts';
import { type TrackerOptions, trackerDefaults } from './options.ts';
import { Tracklet } from './tracklet.ts';

/**
 * Turns the detections of successive frames into tracks. High scores are matched before low ones (ByteTrack, arXiv
 * 2110.06864); the direction of motion, the repair of the filter after a gap and the last chance at the last seen place
 * come from OC-SORT (arXiv 2203.14360).
 *
 * Pure and deterministic: the same updates give the same tracks. Time is what the caller says; frames may be any distance
 * apart. Memory is bounded by `maxTracks`.
 */
export class Tracker {
  #options: TrackerOptions;
  readonly #associator = new Associator();
  #tracklets: Tracklet[] = [];
  #nextTrackId = 1;
  #nowMonoMs = Number.NEGATIVE_INFINITY;

  constructor(options: Partial<TrackerOptions> = {}) {
    this.#options = { ...trackerDefaults, ...options };
  }

  /** Goes by other scores from the next update on; tracks go on. */
  setThresholds(thresholds: Pick<TrackerOptions, 'highScore' | 'lowScore' | 'birthScore'>): void {
    this.#options = { ...this.#options, ...thresholds };
  }

  /**
   * Takes one frame's detections; an empty list lets time pass.
   *
   * Detections that are no boxes (not finite, or without area) or have no score above `lowScore` are ignored.
   *
   * @param atMonoMs time of the frame on the frames' monotonic clock, ms; a time before the last one counts as the last one
   * @throws OcellusError `internal` when the time is not a finite number
   */
  update(detections: readonly Detection[], atMonoMs: number): TrackUpdate {
    if (!Number.isFinite(atMonoMs)) {
      throw new OcellusError('internal', `the tracker was given the time ${atMonoMs}`);
    }
    const previousMonoMs = this.#nowMonoMs;
    const now = Math.max(atMonoMs, previousMonoMs);
    this.#nowMonoMs = now;
    const ended = this.#expire((tracklet) => now - tracklet.lastSeenMonoMs >= this.#options.lostMs);
    for (const tracklet of this.#tracklets) tracklet.predict(now);
    const usable = this.#usable(detections);
    const firstLow = usable.findIndex(({ score }) => score < this.#options.highScore);
    const high = firstLow < 0 ? usable : usable.slice(0, firstLow);
    const low = firstLow < 0 ? [] : usable.slice(firstLow);
    this.#followCamera(high, previousMonoMs);
    const { matched, left } = this.#match(high, low, previousMonoMs);
    ended.push(
      ...this.#expire((t) => !t.confirmed && now - t.lastSeenMonoMs >= this.#options.tentativeLostMs),
      ...this.#begin(left, matched),
    );
    return {
      atMonoMs: now,
      tracks: this.#tracklets.map((tracklet) => tracklet.snapshot(now)),
      ended,
    };
  }

  /** Best score first, so that the order of the input does not matter; no more than there can be tracks. */
  #usable(detections: readonly Detection[]): Detection[] {
    return detections
      .filter(({ score, boxPx }) => {
        const [x1, y1, x2, y2] = boxPx;
        const area = (x2 - x1) * (y2 - y1);
        return score >= this.#options.lowScore && x2 > x1 && y2 > y1 && Number.isFinite(area);
      })
      .sort((a, b) => b.score - a.score)
      .slice(0, this.#options.maxTracks);
  }

  /** Moves what is known along with the picture when the objects seen a frame ago are all shifted alike. */
  #followCamera(high: readonly Detection[], previousMonoMs: number): void {
    const { cameraMotion, classAgnostic } = this.#options;
    const steady = this.#tracklets.filter((tracklet) => tracklet.lastSeenMonoMs >= previousMonoMs);
    if (Math.min(steady.length, high.length) < cameraMotion.minObjects) return;
    const { pairs } = this.#associator.match(steady, high, {
      classAgnostic,
      boxOf: predictedBox,
      minIouOf: () => cameraMotion.minIou,
      momentumWeight: 0,
    });
    const shift = commonShift(
      pairs.map(([{ predictedBoxPx }, { boxPx }]) => centreX(boxPx) - centreX(predictedBoxPx)),
      pairs.map(([{ predictedBoxPx }, { boxPx }]) => centreY(boxPx) - centreY(predictedBoxPx)),
      cameraMotion.minObjects,
      cameraMotion.minSigmas,
    );
    if (shift === undefined) return;
    for (const tracklet of this.#tracklets) tracklet.shift(shift);
  }

  /** The rounds of matching, from the surest to the least sure. `left`: high scores that no track explains. */
  #match(high: readonly Detection[], low: readonly Detection[], previousMonoMs: number) {
    const options = this.#options;
    const { classAgnostic } = options;
    const now = this.#nowMonoMs;
    const matched: Detection[] = [];
    const run = (tracklets: readonly Tracklet[], candidates: readonly Detection[], round: MatchRound) => {
      const result = this.#associator.match(tracklets, candidates, round);
      for (const [tracklet, detection] of result.pairs) {
        tracklet.match(detection, now, tracklet.lastSeenMonoMs < previousMonoMs);
        matched.push(detection);
      }
      return result;
    };
    const first = run(this.#tracklets, high, {
      classAgnostic,
      boxOf: predictedBox,
      minIouOf: (t) => (t.lastSeenMonoMs < previousMonoMs ? options.lostMinIou : options.highMinIou),
      momentumWeight: options.momentumWeight,
    });
    // A doubtful box may continue a track; it must not revive one.
    if (low.length > 0) {
      const continued = first.tracklets.filter((t) => t.confirmed && t.lastSeenMonoMs >= previousMonoMs);
      run(continued, low, {
        classAgnostic,
        boxOf: predictedBox,
        minIouOf: () => options.lowMinIou,
        momentumWeight: 0,
      });
    }
    if (first.detections.length === 0) return { matched, left: first.detections };
    const recoverable = first.tracklets.filter(
      (t) => t.lastSeenMonoMs < now && now - t.lastSeenMonoMs <= options.recoveryMs,
    );
    const recovery = run(recoverable, first.detections, {
      classAgnostic,
      boxOf: (tracklet) => tracklet.lastBoxPx,
      minIouOf: () => options.recoveryMinIou,
      momentumWeight: 0,
    });
    return { matched, left: recovery.detections };
  }

  /** Begins tracks; returns those that had to make way for them. */
  #begin(detections: readonly Detection[], matched: readonly Detection[]): Track[] {
    const { birthScore, birthMaxIou, classAgnostic, maxTracks } = this.#options;
    const taken = [...matched];
    const displaced: Track[] = [];
    for (const detection of detections) {
      if (detection.score < birthScore) continue;
      const double = taken.some(
        (other) =>
          (classAgnostic || other.classId === detection.classId) &&
          iou(other.boxPx, detection.boxPx) > birthMaxIou,
      );
      if (double) continue;
      if (this.#tracklets.length >= maxTracks) {
        const stalest = this.#stalest();
        if (stalest === undefined) break;
        displaced.push(...this.#expire((tracklet) => tracklet === stalest));
      }
      this.#tracklets.push(new Tracklet(this.#nextTrackId, detection, this.#nowMonoMs, this.#options));
      this.#nextTrackId += 1;
      taken.push(detection);
    }
    return displaced;
  }

  /** Of the tracks not seen in this frame, the one unseen for longest. */
  #stalest(): Tracklet | undefined {
    let stalest: Tracklet | undefined;
    for (const tracklet of this.#tracklets) {
      if (tracklet.lastSeenMonoMs < (stalest?.lastSeenMonoMs ?? this.#nowMonoMs)) stalest = tracklet;
    }
    return stalest;
  }

  #expire(isOver: (tracklet: Tracklet) => boolean): Track[] {
    const over = this.#tracklets.filter(isOver);
    if (over.length === 0) return [];
    this.#tracklets = this.#tracklets.filter((tracklet) => !isOver(tracklet));
    return over.map((tracklet) => {
      tracklet.predict(this.#nowMonoMs);
      return tracklet.snapshot(this.#nowMonoMs);
    });
  }
}

const predictedBox = (tracklet: Tracklet) => tracklet.predictedBoxPx;
const centreX = (box: BoxPx) => (box[0] + box[2]) / 2;
const centreY = (box: BoxPx) => (box[1] + box[3]) / 2;
