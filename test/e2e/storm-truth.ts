import { crossings } from '../../src/capture/sim/ground-truth.ts';
import type { Scene, TruthObject } from '../../src/capture/sim/scene.ts';
import type { DomainEvent } from '../../src/flow/domain-event.ts';
import { iou, type PointNorm, toNorm } from '../../src/flow/geometry.ts';

/** One run of the daemon, from its first picture to its end. */
export interface StormRun {
  /** Time in the scene at the first picture, ms. */
  readonly sceneStartMs: number;
  /** When that and the end were, ms since the epoch. */
  readonly openedAtMs: number;
  readonly endAtMs: number;
}

/** What a run must have told of the scene, what of that it did not, and what it told that was not. */
export interface RunVerdict {
  readonly seen: number;
  readonly unseen: readonly string[];
  readonly passed: number;
  /** Passes of a line that were not told exactly once. */
  readonly unpassed: readonly string[];
  readonly told: number;
  /** Passes that were told and that nobody made. */
  readonly invented: readonly string[];
}

type Told = Extract<DomainEvent, { objectId: string }>;
type ToldPass = Extract<DomainEvent, { type: 'line.crossed' }>;

/** A figure in clear view without a break. */
interface Span {
  readonly objectId: string;
  readonly label: string;
  readonly fromMs: number;
  toMs: number;
}

interface Pass {
  readonly objectId: string;
  readonly line: string;
  readonly direction: string;
  readonly atMs: number;
}

/** A figure this high, this much of it visible and apart from others for so long is found by the detector, and believed. */
const LEAST_HEIGHT_PX = 130;
const VISIBLE = 0.7;
const CLEAR_MS = 2_500;
/** Where others cover more of its box, a tracker may mix them up: the business of other tests. */
const APART = 0.05;
/** In clear view for so long on either side of a line, it was looked at on both. */
const SIDE_MS = 1_000;
/** From a frame's event to the disk, on a busy machine; how long the frame itself took is told by the events. */
const COMMIT_MS = 1_000;
/** A pass is told of the first frame in which somebody is firmly on the other side. */
const PASS_MS = 1_500;
const SAME_IOU = 0.3;
const STEP_MS = 200;
/** Where somebody comes into view, another who just went there may hand over his id: the business of other tests too. */
const ENTRANCE_MS = 1_000;

/** What is to be seen in a part of a scene, worked out once for all runs that show it. */
export class StormTruth {
  readonly #scene: Scene;
  readonly #spans: readonly Span[];
  readonly #passes: readonly Pass[];

  /** @param lines by name, from one end to the other, 0..1 of the picture */
  constructor(
    scene: Scene,
    lines: Readonly<Record<string, readonly [from: PointNorm, to: PointNorm]>>,
    fromMs: number,
    toMs: number,
  ) {
    this.#scene = scene;
    this.#spans = clearSpans(scene, fromMs, toMs);
    this.#passes = Object.entries(lines).flatMap(([line, [from, to]]) =>
      crossings(scene, { from, to }, fromMs, toMs).map((pass) => ({ ...pass, line })),
    );
  }

  /** When somebody in clear view passes a line, in order, ms of the scene. */
  get passesAtMs(): number[] {
    const clear = this.#passes.filter(({ objectId, atMs }) =>
      this.#spans.some(
        (span) => span.objectId === objectId && span.fromMs + CLEAR_MS < atMs && span.toMs - PASS_MS > atMs,
      ),
    );
    return clear.map(({ atMs }) => atMs).sort((a, b) => a - b);
  }

  /** Compares the events of one run with what was there to be seen. */
  judge({ sceneStartMs, openedAtMs, endAtMs }: StormRun, events: readonly DomainEvent[]): RunVerdict {
    const told = events.filter(
      (event): event is Told =>
        'objectId' in event &&
        event.timings.captureAtMs >= openedAtMs - STEP_MS &&
        event.timings.captureAtMs <= endAtMs,
    );
    const sceneMs = (event: Told) => sceneStartMs + event.timings.captureAtMs - openedAtMs;
    const inTime = told.filter(
      ({ timings, type }) => type === 'object.started' && timings.emittedAtMs <= endAtMs,
    );
    const latencyMs = Math.max(0, ...inTime.map(({ timings }) => timings.emittedAtMs - timings.captureAtMs));
    const lastMs = sceneStartMs + endAtMs - openedAtMs - COMMIT_MS - latencyMs;
    const due = this.#spans
      .map((span) => ({
        ...span,
        fromMs: Math.max(span.fromMs, sceneStartMs),
        toMs: Math.min(span.toMs, lastMs),
      }))
      .filter(({ fromMs, toMs }) => toMs - fromMs >= CLEAR_MS);
    const starts = told.filter(({ type }) => type === 'object.started');
    const startsOf = new Set(starts.map((event) => this.#figureOf(event, sceneMs(event))));
    const unseen = due.filter(({ objectId }) => !startsOf.has(objectId));

    const passes = this.#passes.filter(({ objectId, atMs }) =>
      due.some(
        (span) => span.objectId === objectId && span.fromMs + SIDE_MS <= atMs && atMs <= span.toMs - PASS_MS,
      ),
    );
    const toldPasses = told.filter((event): event is ToldPass & Told => event.type === 'line.crossed');
    const isOf = ({ line, direction, atMs }: Pass, event: ToldPass) =>
      event.line === line && event.direction === direction && Math.abs(sceneMs(event) - atMs) <= PASS_MS;
    const unpassed = passes.filter(
      (pass) =>
        toldPasses.filter(
          (event) => isOf(pass, event) && this.#figureOf(event, sceneMs(event)) === pass.objectId,
        ).length !== 1,
    );
    const invented = toldPasses.filter((event) => !this.#passes.some((pass) => isOf(pass, event)));
    return {
      seen: due.length,
      unseen: unseen.map(({ objectId, fromMs }) => at(objectId, fromMs)),
      passed: passes.length,
      unpassed: unpassed.map(({ objectId, line, atMs }) => `${at(objectId, atMs)}, ${line}`),
      told: toldPasses.length,
      invented: invented.map((event) =>
        at(`${event.label} ${event.objectId} ${event.line} ${event.direction}`, sceneMs(event)),
      ),
    };
  }

  /** The figure at the place of an event. */
  #figureOf(event: Told, atMs: number): string | undefined {
    const { source } = this.#scene.options;
    const [nearest] = this.#scene
      .figuresAt(atMs)
      .filter(({ visit }) => visit.look.label === event.label)
      .map(({ visit, boxPx }) => ({
        objectId: visit.objectId,
        overlap: iou(toNorm(boxPx, source), event.boxNorm),
      }))
      .sort((a, b) => b.overlap - a.overlap);
    return nearest !== undefined && nearest.overlap > SAME_IOU ? nearest.objectId : undefined;
  }
}

function clearSpans(scene: Scene, fromMs: number, toMs: number): Span[] {
  const spans: Span[] = [];
  let open = new Map<string, Span>();
  const before: TruthObject[][] = [];
  const heirs = new Set<string>();
  for (let atMs = fromMs; atMs <= toMs; atMs += STEP_MS) {
    const now = new Map<string, Span>();
    const objects = scene.truthAt(atMs);
    for (const object of objects) {
      const { objectId, label, boxPx, visibleFraction } = object;
      if (visibleFraction < VISIBLE || boxPx[3] - boxPx[1] < LEAST_HEIGHT_PX) continue;
      if (objects.some((other) => other !== object && isMistakable(other, object))) continue;
      const isHeir = (other: TruthObject) => other.objectId !== objectId && isMistakable(other, object);
      if (!spans.some((span) => span.objectId === objectId) && before.flat().some(isHeir))
        heirs.add(objectId);
      if (heirs.has(objectId)) continue;
      const span = open.get(objectId) ?? { objectId, label, fromMs: atMs, toMs: atMs };
      span.toMs = atMs;
      if (!open.has(objectId)) spans.push(span);
      now.set(objectId, span);
    }
    open = now;
    before.push(objects);
    if (before.length > ENTRANCE_MS / STEP_MS) before.shift();
  }
  return spans;
}

/** Cars in the background are not. */
function isMistakable(other: TruthObject, object: TruthObject): boolean {
  if (other.label === 'car' && object.label !== 'car') return false;
  const [a, b] = [other.boxPx, object.boxPx];
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return width > 0 && height > 0 && width * height > APART * (b[2] - b[0]) * (b[3] - b[1]);
}

const at = (what: string, ms: number) => `${what} at ${(ms / 1000).toFixed(1)} s of the scene`;
