import type { BoxNorm, PointNorm } from '../../../flow/geometry.ts';
import type { LiveTrack, TracksMessage } from '../server/contract.ts';

/** Longer than any transport lags behind its tracks, ms. */
const KEEP_MS = 15_000;
/** A box is moved on along its velocity for so long after it was last seen; then it is not known any more. */
const MAX_COAST_MS = 600;
/** Points of a trail to each side that are averaged. */
const SMOOTHING = 3;
/** Clocks of pictures and tracks are the same one: what differs by less than this is the same picture. */
const SAME_PICTURE_MS = 2;

/**
 * The tracks of the last seconds, by the capture time of their frames. Pictures are shown later than their tracks arrive
 * (video is buffered) or a little earlier (inference takes time), and more of them are shown than looked at.
 */
export class TrackTimeline {
  #messages: TracksMessage[] = [];

  get newest(): TracksMessage | undefined {
    return this.#messages.at(-1);
  }

  add(message: TracksMessage): void {
    const last = this.newest;
    if (last !== undefined && message.captureAtMs + KEEP_MS < last.captureAtMs) this.#messages = [];
    const behind = this.#messages.findLastIndex(({ captureAtMs }) => captureAtMs <= message.captureAtMs);
    const same = this.#messages[behind]?.captureAtMs === message.captureAtMs;
    this.#messages.splice(behind + (same ? 0 : 1), same ? 1 : 0, message);
    const oldest = message.captureAtMs - KEEP_MS;
    while (this.#messages.length > 0 && this.#messages[0]!.captureAtMs < oldest) this.#messages.shift();
  }

  clear(): void {
    this.#messages = [];
  }

  /**
   * Where the objects are in a picture that was captured at `captureAtMs`: as its own frame says where it was looked at,
   * between the frames around it where both are known, and along the velocity of the one before it otherwise.
   */
  at(captureAtMs: number): readonly LiveTrack[] {
    const index = this.#messages.findLastIndex(
      (message) => message.captureAtMs <= captureAtMs + SAME_PICTURE_MS,
    );
    const before = this.#messages[index];
    if (before === undefined) return [];
    const sinceMs = captureAtMs - before.captureAtMs;
    if (sinceMs <= SAME_PICTURE_MS) return before.tracks;
    const after = this.#messages[index + 1];
    const betweenMs = after === undefined ? Number.POSITIVE_INFINITY : after.captureAtMs - before.captureAtMs;
    if (after === undefined || betweenMs > KEEP_MS) {
      return sinceMs > MAX_COAST_MS
        ? atRest(before.tracks)
        : before.tracks.map((track) => coasted(track, sinceMs));
    }
    const later = new Map(after.tracks.map((track) => [track.objectId, track]));
    const share = sinceMs / betweenMs;
    return before.tracks.flatMap((track) => {
      const then = later.get(track.objectId);
      if (then !== undefined) return [{ ...track, boxNorm: mixed(track.boxNorm, then.boxNorm, share) }];
      return share < 0.5 ? [coasted(track, Math.min(sinceMs, MAX_COAST_MS))] : [];
    });
  }

  /** Middles of the lower edge of an object in the frames up to `captureAtMs`, oldest first: its trail. */
  trail(objectId: string, captureAtMs: number, lengthMs: number): PointNorm[] {
    const points: PointNorm[] = [];
    for (const message of this.#messages) {
      if (message.captureAtMs > captureAtMs + SAME_PICTURE_MS) break;
      if (message.captureAtMs < captureAtMs - lengthMs) continue;
      const track = message.tracks.find((candidate) => candidate.objectId === objectId);
      if (track !== undefined) points.push([(track.boxNorm[0] + track.boxNorm[2]) / 2, track.boxNorm[3]]);
    }
    return smoothed(points);
  }
}

/** Each point as the mean of those around it: a walker's box grows and shrinks with each step. The last one stays at the box. */
function smoothed(points: readonly PointNorm[]): PointNorm[] {
  return points.map((point, i) => {
    const reach = Math.min(SMOOTHING, i, points.length - 1 - i);
    if (reach === 0) return point;
    const near = points.slice(i - reach, i + reach + 1);
    const mean = (axis: 0 | 1) => near.reduce((sum, other) => sum + other[axis], 0) / near.length;
    return [mean(0), mean(1)];
  });
}

/** What stands still needs no new look to be where it was. */
function atRest(tracks: readonly LiveTrack[]): LiveTrack[] {
  return tracks.filter(({ stationary }) => stationary);
}

function coasted(track: LiveTrack, forMs: number): LiveTrack {
  if (track.stationary) return track;
  const dx = (track.velocityNorm[0] * forMs) / 1000;
  const dy = (track.velocityNorm[1] * forMs) / 1000;
  const [x1, y1, x2, y2] = track.boxNorm;
  return { ...track, boxNorm: [x1 + dx, y1 + dy, x2 + dx, y2 + dy] };
}

function mixed(a: BoxNorm, b: BoxNorm, share: number): BoxNorm {
  const mix = (i: 0 | 1 | 2 | 3) => a[i] + (b[i] - a[i]) * share;
  return [mix(0), mix(1), mix(2), mix(3)];
}
