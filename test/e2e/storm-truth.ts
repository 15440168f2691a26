import { crossings } from '../../src/capture/sim/ground-truth.ts';
import type { Scene } from '../../src/capture/sim/scene.ts';
import type { DomainEvent } from '../../src/flow/domain-event.ts';
import { type BoxPx, iou, toNorm } from '../../src/flow/geometry.ts';

/** One run of the daemon, from its first picture to its end. */
export interface StormRun {
  readonly scene: Scene;
  /** Time in the scene at the first picture, ms. */
  readonly sceneStartMs: number;
  /** When that and the end were, ms since the epoch. */
  readonly liveAtMs: number;
  readonly endAtMs: number;
}

/** What a run must have told of the scene, and what of that it did not. */
export interface RunVerdict {
  readonly seen: number;
  readonly unseen: readonly string[];
  readonly crossed: number;
  readonly uncrossed: readonly string[];
}

/** A figure this high, this much of it visible for so long is found by the detector, and believed. */
const LEAST_HEIGHT_PX = 130;
const VISIBLE = 0.7;
const CLEAR_MS = 2_500;
/** The daemon may be this much behind when it is killed, and what is behind is not told. */
const LAG_MS = 1_000;
const STEP_MS = 200;
const LATE_MS = [0, 200, 400, 600, 800, 1_000, 1_200, 1_400, 1_600, 1_800, 2_000];
/** The line of the storm, from its lower to its upper end. */
export const LINE = { from: [0.5, 1], to: [0.5, 0.3] } as const;

type Told = Extract<DomainEvent, { objectId: string }>;

/**
 * Compares the events of one run with what was there to be seen: a figure that was large and in clear view for CLEAR_MS must have
 * an `object.started` at its place. Whether its pass of the line in that time is told once, at its place, is counted.
 */
export function judgeRun(
  { scene, sceneStartMs, liveAtMs, endAtMs }: StormRun,
  events: readonly DomainEvent[],
): RunVerdict {
  const told = events.filter(
    (event): event is Told =>
      'objectId' in event &&
      event.timings.captureAtMs >= liveAtMs - STEP_MS &&
      event.timings.captureAtMs <= endAtMs,
  );
  const lastMs = sceneStartMs + endAtMs - liveAtMs - LAG_MS;
  const clear = new Map<string, { label: string; fromMs: number; toMs: number }>();
  const done = new Map<string, { label: string; fromMs: number; toMs: number }>();
  for (let atMs = sceneStartMs; atMs <= lastMs; atMs += STEP_MS) {
    const objects = scene.truthAt(atMs);
    const now = new Set<string>();
    for (const { objectId, label, boxPx, visibleFraction } of objects) {
      if (visibleFraction < VISIBLE || boxPx[3] - boxPx[1] < LEAST_HEIGHT_PX) continue;
      now.add(objectId);
      const span = clear.get(objectId) ?? { label, fromMs: atMs, toMs: atMs };
      span.toMs = atMs;
      clear.set(objectId, span);
      if (span.toMs - span.fromMs >= CLEAR_MS) done.set(objectId, span);
    }
    for (const objectId of clear.keys()) if (!now.has(objectId)) clear.delete(objectId);
  }
  const boxAt = (objectId: string, atMs: number): BoxPx | undefined =>
    scene.figuresAt(atMs).find(({ visit }) => visit.objectId === objectId)?.boxPx;
  // The camera is told to be live a moment after its first picture, later on a busy machine.
  const isOf = (event: Told, objectId: string) =>
    LATE_MS.some((lateMs) => {
      const box = boxAt(objectId, sceneStartMs + event.timings.captureAtMs - liveAtMs + lateMs);
      return box !== undefined && iou(toNorm(box, scene.options.source), event.boxNorm) > 0.3;
    });
  const unseen = [...done].filter(
    ([objectId, { label }]) =>
      !told.some(
        (event) => event.type === 'object.started' && event.label === label && isOf(event, objectId),
      ),
  );
  const passes = crossings(scene, LINE, sceneStartMs, lastMs).filter(({ objectId, atMs }) => {
    const span = done.get(objectId);
    return span !== undefined && atMs - span.fromMs > LAG_MS && span.toMs - atMs > LAG_MS;
  });
  const uncrossed = passes.filter(
    ({ objectId, label, direction }) =>
      told.filter(
        (event) =>
          event.type === 'line.crossed' &&
          event.label === label &&
          event.direction === direction &&
          isOf(event, objectId),
      ).length !== 1,
  );
  const name = (objectId: string, ms: number) => `${objectId} at ${(ms / 1000).toFixed(1)} s of the scene`;
  return {
    seen: done.size,
    unseen: unseen.map(([objectId, { fromMs }]) => name(objectId, fromMs)),
    crossed: passes.length,
    uncrossed: uncrossed.map(({ objectId, atMs }) => name(objectId, atMs)),
  };
}
