import type { TruthObject } from '../../capture/sim/scene.ts';
import type { BoxPx, SizePx } from '../../flow/geometry.ts';
import { occupancyFacts, type Stay } from './occupancy-truth.ts';
import { type Border, changesOf } from './sides.ts';
import { AREAS, type Area, CAMERA, DWELL_MS, PERIOD_MS, POST, type TruthFact } from './street.ts';

// What is true of a street, by rules that decide before any event is compared. The rules of the configuration, hysteresis included,
// run over the true boxes twice: once with all noise in favour of every change, and once with all noise against it. What
// both find is true and must be told; what neither finds must not be told; what only the first finds is open: neither right
// nor wrong. The noise is that of the detector: boxes off by JITTER of their size, and NOISE_FRAMES missed in a row.
//
// 1. A figure is seen in a frame when VISIBLE of it is neither outside the picture nor hidden. What is seen of it without a
//    gap of `lostMs` is one visit; a gap within noise of `lostMs` leaves it open. Who looks alike is not left out.
// 2. A visit of BELIEF_LOOKS frames has a start and an end, one of a single frame has none, in between is open.
// 3. Sides of zones and lines change as in sides.ts. A visit that ends in a zone leaves it then.
// 4. A stay has dwelled when the least that it can have lasted is NOISE_FRAMES longer than asked.
// 5. Occupancy is as in occupancy-truth.ts. Who is not seen any more counts for `lostMs` at most.
//
// A told event is right when type, label, place and direction are those of a fact, and its time is within TOLERANCE_MS of
// the times that the rules give: two missed frames, and the time from one frame to the next.

const VISIBLE = 0.3;
export const JITTER = 0.02;
const NOISE_FRAMES = 2;
export const NOISE_MS = NOISE_FRAMES * PERIOD_MS;
const BELIEF_LOOKS = 6;
export const TOLERANCE_MS = NOISE_MS + PERIOD_MS;

/** One frame in which a figure is seen. */
export interface Look {
  readonly atMs: number;
  /** Cut off by the picture. */
  readonly boxPx: BoxPx;
}

/** What may be seen of one figure. */
interface Figure {
  readonly label: string;
  readonly looks: (Look & { readonly seen: boolean })[];
}

/** What is seen of one figure without a gap. */
interface Visit {
  readonly label: string;
  readonly looks: readonly Look[];
  /** When the first and the last glimpse of it may be had. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly open: boolean;
}

export function isSeen({ visibleFraction }: Pick<TruthObject, 'visibleFraction'>): boolean {
  return visibleFraction >= VISIBLE;
}

/** Everything that is true of a street, from all its frames in order. */
export class StreetTruth {
  readonly #source: SizePx;
  readonly #leastVisible: number;
  readonly #figures = new Map<string, Figure>();

  /** @param leastVisible share of a figure from which on the detector may find it; below VISIBLE it need not */
  constructor(source: SizePx, leastVisible = VISIBLE) {
    this.#source = source;
    this.#leastVisible = leastVisible;
  }

  /** One frame. */
  add(objects: readonly TruthObject[], atMs: number): void {
    for (const { objectId, label, boxPx, visibleFraction } of objects) {
      if (visibleFraction < this.#leastVisible) continue;
      const figure = this.#figures.get(objectId) ?? { label, looks: [] };
      figure.looks.push({ atMs, boxPx: cut(boxPx, this.#source), seen: isSeen({ visibleFraction }) });
      this.#figures.set(objectId, figure);
    }
  }

  facts(): TruthFact[] {
    const visits = [...this.#figures.values()].flatMap(visitsOf);
    const middle: Stay[] = [];
    const facts = visits.flatMap((visit) => {
      const zones = Object.entries(AREAS).flatMap(([zone, area]) => {
        const { facts, stays } = zoneFacts(visit, zone, area, this.#source);
        if (zone === 'middle') middle.push(...stays);
        return facts;
      });
      return [...lifeFacts(visit), ...zones, ...lineFacts(visit, this.#source)];
    });
    return [
      ...facts,
      ...occupancyFacts('middle', 'busy', middle),
      ...occupancyFacts('middle', 'anybody', middle),
    ];
  }
}

function cut([x1, y1, x2, y2]: BoxPx, { widthPx, heightPx }: SizePx): BoxPx {
  return [Math.max(0, x1), Math.max(0, y1), Math.min(widthPx, x2), Math.min(heightPx, y2)];
}

function visitsOf({ label, looks: all }: Figure): Visit[] {
  const { lostMs } = CAMERA.track;
  const visits: { looks: Look[]; open: boolean }[] = [];
  for (const look of all.filter(({ seen }) => seen)) {
    const visit = visits.at(-1);
    const gapMs = look.atMs - (visit?.looks.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY);
    if (visit === undefined || gapMs >= lostMs + PERIOD_MS) visits.push({ looks: [look], open: false });
    else {
      visit.open ||= gapMs > lostMs - NOISE_MS;
      visit.looks.push(look);
    }
  }
  const [first, last] = [all[0]!.atMs, all.at(-1)!.atMs];
  if (visits.length === 0 && all.length > 1) {
    return [{ label, looks: all, fromMs: first, toMs: last, open: true }];
  }
  return visits
    .filter((visit) => visit.looks.length > 1)
    .map(({ looks, open }, i, { length }) => ({
      label,
      looks,
      fromMs: i === 0 ? first : looks[0]!.atMs,
      toMs: i === length - 1 ? last : looks.at(-1)!.atMs,
      open: open || looks.length < BELIEF_LOOKS,
    }));
}

function lifeFacts({ label, looks, fromMs, toMs, open }: Visit): TruthFact[] {
  const fact = (type: string, from: number, to: number) => ({
    type,
    label,
    place: '',
    fromMs: from,
    toMs: to,
    open,
  });
  return [fact('object.started', fromMs, looks[0]!.atMs), fact('object.ended', looks.at(-1)!.atMs, toMs)];
}

function lineFacts({ label, looks, open }: Visit, { widthPx }: SizePx): TruthFact[] {
  // Whatever stands in the street stands below the line's upper end.
  const depthPx = ({ boxPx }: Look) => (boxPx[0] + boxPx[2]) / 2 - POST.x * widthPx;
  const border: Border = { depthPx, marginPx, noisePx, holdMs: 0, first: 0 };
  return changesOf(looks, border, NOISE_MS).map((change) => ({
    type: 'line.crossed',
    label,
    place: `post ${change.side > 0 ? 'forward' : 'backward'}`,
    fromMs: change.atMs,
    toMs: change.atSureMs,
    open: open || change.open,
  }));
}

function zoneFacts(visit: Visit, place: string, area: Area, source: SizePx) {
  const { label, looks, open } = visit;
  const end = looks.at(-1)!;
  const depthPx = ({ boxPx }: Look) => depthOf((boxPx[0] + boxPx[2]) / 2, boxPx[3], area, source);
  const { enterMs: holdMs } = CAMERA.zones[place]!;
  const changes = changesOf(looks, { depthPx, marginPx, noisePx, holdMs, first: -1 }, NOISE_MS);
  const facts: TruthFact[] = [];
  const stays: Stay[] = [];
  const tell = (type: string, fromMs: number, toMs: number, isOpen: boolean) =>
    facts.push({ type, label, place, fromMs, toMs, open: open || isOpen });
  changes.forEach((entered, i) => {
    if (entered.side < 0) return;
    const left = changes[i + 1];
    // It may have come in a glimpse earlier.
    const earlierMs = entered.sinceMs === looks[0]!.atMs ? looks[0]!.atMs - visit.fromMs : 0;
    tell('zone.entered', entered.atMs - earlierMs, entered.atSureMs, entered.open);
    // The end of the visit is the end of the stay, told as of then.
    if (left === undefined) tell('zone.left', end.atMs, visit.toMs, entered.open);
    else {
      // One that may not have come over the border before its visit ended has left with that.
      const stays = left.open && changes.length > i + 2;
      tell('zone.left', left.atMs, left.open ? visit.toMs : left.atSureMs, entered.open || stays);
    }
    const leastMs = (left?.sinceMs ?? end.atMs) - entered.sinceSureMs;
    const mostMs = (left?.open === false ? left.atSureMs : visit.toMs) - entered.sinceMs + earlierMs;
    const seenMs = looks.find(({ atMs }) => atMs >= entered.sinceSureMs + DWELL_MS)?.atMs ?? end.atMs;
    if (mostMs >= DWELL_MS) {
      tell(
        'zone.dwelled',
        entered.sinceMs - earlierMs + DWELL_MS,
        seenMs,
        entered.open || leastMs < DWELL_MS + NOISE_MS,
      );
    }
    const believedMs = looks[BELIEF_LOOKS - 1]?.atMs ?? end.atMs;
    stays.push({
      label,
      fromMs: entered.atMs - earlierMs,
      fromSureMs: Math.max(believedMs, entered.atSureMs),
      toSureMs: open || entered.open ? 0 : (left?.atMs ?? end.atMs),
      toMs: left?.open === false ? left.atSureMs : visit.toMs + CAMERA.track.lostMs,
    });
  });
  return { facts, stays };
}

function marginPx({ boxPx: [, y1, , y2] }: Look): number {
  return Math.max(2, 0.04 * (y2 - y1));
}

function noisePx({ boxPx: [x1, y1, x2, y2] }: Look): number {
  return JITTER * Math.max(x2 - x1, y2 - y1);
}

/** Distance to a rectangle's border, positive inside; a side at the picture's edge is none. */
function depthOf(x: number, y: number, [x1, y1, x2, y2]: Area, { widthPx, heightPx }: SizePx): number {
  return Math.min(
    x1 === 0 ? Number.POSITIVE_INFINITY : x - x1 * widthPx,
    x2 === 1 ? Number.POSITIVE_INFINITY : x2 * widthPx - x,
    y1 === 0 ? Number.POSITIVE_INFINITY : y - y1 * heightPx,
    y2 === 1 ? Number.POSITIVE_INFINITY : y2 * heightPx - y,
  );
}
