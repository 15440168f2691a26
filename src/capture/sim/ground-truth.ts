import type { PointNorm } from '../../flow/geometry.ts';
import type { FigureLabel } from './figures.ts';
import type { Scene } from './scene.ts';
import type { Visit } from './traffic.ts';

/** A figure's ground point went over a line. */
export interface TruthCrossing {
  readonly objectId: string;
  readonly label: FigureLabel;
  readonly atMs: number;
  /** forward: from the left to the right of somebody who looks along the line from `from` to `to`. */
  readonly direction: 'forward' | 'backward';
}

/** A figure's ground point was inside a polygon. */
export interface TruthZoneVisit {
  readonly objectId: string;
  readonly label: FigureLabel;
  readonly enteredAtMs: number;
  readonly leftAtMs: number;
}

/** A figure touched the picture. */
export interface TruthLifetime {
  readonly objectId: string;
  readonly label: FigureLabel;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

const STEP_MS = 40;

/** Every crossing of the line from `from` to `to` in [fromMs, toMs), in order of time, exact to a millisecond. */
export function crossings(
  scene: Scene,
  line: { readonly from: PointNorm; readonly to: PointNorm },
  fromMs: number,
  toMs: number,
): TruthCrossing[] {
  const found: TruthCrossing[] = [];
  for (const visit of scene.traffic.during(fromMs, toMs)) {
    const sideAt = (tMs: number) => sideOf(groundNormAt(scene, visit, tMs), line) > 0;
    changes(sideAt, Math.max(fromMs, visit.fromMs), Math.min(toMs, visit.toMs), (atMs, isRight) => {
      if (!beside(groundNormAt(scene, visit, atMs), line)) return;
      found.push({ ...nameOf(visit), atMs, direction: isRight ? 'forward' : 'backward' });
    });
  }
  return found.sort((a, b) => a.atMs - b.atMs);
}

/** Every stay inside a polygon that overlaps [fromMs, toMs], cut to it, in order of entry. */
export function zoneVisits(
  scene: Scene,
  polygon: readonly PointNorm[],
  fromMs: number,
  toMs: number,
): TruthZoneVisit[] {
  return staysOf(scene, fromMs, toMs, (visit, tMs) => contains(polygon, groundNormAt(scene, visit, tMs))).map(
    ({ visit, startMs, endMs }) => ({ ...nameOf(visit), enteredAtMs: startMs, leftAtMs: endMs }),
  );
}

/** When each figure's outlines first and last touch the picture, cut to [fromMs, toMs], in order of appearance. */
export function lifetimes(scene: Scene, fromMs: number, toMs: number): TruthLifetime[] {
  const lives = new Map<string, TruthLifetime>();
  const seen = (visit: Visit, tMs: number) => scene.figureAt(visit, tMs) !== undefined;
  for (const { visit, startMs, endMs } of staysOf(scene, fromMs, toMs, seen)) {
    // At the picture's edge a swinging foot can touch it, leave it and touch it again: that is one life.
    const firstSeenMs = lives.get(visit.objectId)?.firstSeenMs ?? startMs;
    lives.set(visit.objectId, { ...nameOf(visit), firstSeenMs, lastSeenMs: endMs });
  }
  return [...lives.values()];
}

function nameOf(visit: Visit): { readonly objectId: string; readonly label: FigureLabel } {
  return { objectId: visit.objectId, label: visit.look.label };
}

function groundNormAt(scene: Scene, visit: Visit, tMs: number): PointNorm {
  const pose = scene.traffic.poseAt(visit, tMs);
  return [pose.x / scene.options.source.widthPx, pose.y / scene.options.source.heightPx];
}

interface Stay {
  readonly visit: Visit;
  readonly startMs: number;
  readonly endMs: number;
}

function staysOf(
  scene: Scene,
  fromMs: number,
  toMs: number,
  holds: (visit: Visit, tMs: number) => boolean,
): Stay[] {
  const stays: Stay[] = [];
  for (const visit of scene.traffic.during(fromMs, toMs)) {
    const begin = Math.max(fromMs, visit.fromMs);
    const end = Math.min(toMs, visit.toMs);
    let startMs = holds(visit, begin) ? begin : undefined;
    changes(
      (tMs) => holds(visit, tMs),
      begin,
      end,
      (atMs, inside) => {
        if (!inside && startMs !== undefined) stays.push({ visit, startMs, endMs: atMs });
        startMs = inside ? atMs : undefined;
      },
    );
    if (startMs !== undefined) stays.push({ visit, startMs, endMs: end });
  }
  return stays.sort((a, b) => a.startMs - b.startMs);
}

/** Reports each change of a predicate in an interval, to half a millisecond. */
function changes(
  holds: (tMs: number) => boolean,
  fromMs: number,
  toMs: number,
  report: (atMs: number, holdsNow: boolean) => void,
): void {
  let before = fromMs;
  let was = holds(before);
  while (before < toMs) {
    const after = Math.min(toMs, before + STEP_MS);
    const is = holds(after);
    if (is !== was) {
      let [low, high] = [before, after];
      while (high - low > 0.5) {
        const middle = (low + high) / 2;
        if (holds(middle) === was) low = middle;
        else high = middle;
      }
      report(high, is);
    }
    was = is;
    before = after;
  }
}

/** Positive to the right of the line, for somebody who looks along it; y points down. */
function sideOf(
  [x, y]: PointNorm,
  { from, to }: { readonly from: PointNorm; readonly to: PointNorm },
): number {
  return (to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]);
}

/** Whether a point on the line's extension lies between its ends. */
function beside(
  [x, y]: PointNorm,
  { from, to }: { readonly from: PointNorm; readonly to: PointNorm },
): boolean {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const along = ((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy);
  return along >= 0 && along <= 1;
}

function contains(polygon: readonly PointNorm[], [x, y]: PointNorm): boolean {
  let inside = false;
  let [x1, y1] = polygon.at(-1)!;
  for (const [x2, y2] of polygon) {
    if (y1 <= y !== y2 <= y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
    [x1, y1] = [x2, y2];
  }
  return inside;
}
