import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { seededRandom } from '../../src/base/random.ts';
import { crossings, zoneVisits } from '../../src/capture/sim/ground-truth.ts';
import { Scene, type TruthObject } from '../../src/capture/sim/scene.ts';
import { cameraSchema } from '../../src/config/camera-schema.ts';
import { CameraRules } from '../../src/events/camera-rules.ts';
import { centrePx, extentPx } from '../../src/events/sighting.ts';
import type { Detection } from '../../src/flow/detection.ts';
import type { EventDraft } from '../../src/flow/domain-event.ts';
import type { BoxPx } from '../../src/flow/geometry.ts';
import { thresholdsFor } from '../../src/track/options.ts';
import { Tracker } from '../../src/track/tracker.ts';

// Streets of which everything is known, seen by a detector that misses one box in ten, trembles and invents boxes.
//
// What the truth leaves open is left out, by rules that are the same for all seeds; an event that fits something left out
// is neither right nor wrong:
// - A figure can be seen while VISIBLE of it is neither outside the picture nor behind something. One that can be seen for
//   less than CLEAR_MS, or is hidden for longer than HIDDEN_MS in between, may be believed or not, and be one visit or two.
// - A stay or an absence of less than GRAZE_MS more than the zone asks for may count or not.
// - A passage of a border while the figure cannot be seen, or just before or after, may have been seen or not.
// - One that comes in within reach of where another of its kind has just gone cannot be told from it by box and time alone.
// - So may one by a walker who stops within a tenth of his height of it: he stands on the border.
//
// Times must agree within TOLERANCE_MS: two misses in a row at 5 fps (400 ms), the times that a zone asks for (250 ms) and
// the margin of 4 % of the height, which a walker of 1 m/s covers in 100 to 200 ms, add up to less.

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const FPS = 5;
const LENGTH_MS = 40_000;
const NOISE = { missed: 0.1, jitter: 0.02, invented: 0.02 };
const VISIBLE = 0.3;
const CLEAR_MS = 2_500;
const HIDDEN_MS = 1_000;
const GRAZE_MS = 1_000;
const TOLERANCE_MS = 1_200;
const ENTER_MS = 250;
const DWELL_MS = 4_000;
const FOR_MS = 1_000;
/** Walkers of the street may stand for so long. */
const LONGEST_PAUSE_MS = 7_000;
const MORE_THAN = 1;

type Polygon = [number, number][];
const middle: Polygon = [
  [0.3, 0.3],
  [0.7, 0.3],
  [0.7, 1],
  [0.3, 1],
];
const rules = {
  zones: {
    middle: {
      polygon: middle,
      dwellMs: DWELL_MS,
      occupancy: { busy: { objects: ['person'], moreThan: MORE_THAN, forMs: FOR_MS } },
    },
    left: {
      polygon: [
        [0, 0.3],
        [0.45, 0.3],
        [0.45, 1],
        [0, 1],
      ] as Polygon,
      dwellMs: DWELL_MS,
    },
  },
  lines: { post: { from: [0.55, 1] as [number, number], to: [0.55, 0.3] as [number, number] } },
} satisfies Pick<z.input<typeof cameraSchema>, 'zones' | 'lines'>;

interface Fact {
  readonly type: string;
  readonly label: string;
  readonly place: string;
  /** The first and the last ms at which it may be told to have happened, tolerance excluded. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly sure: boolean;
}

interface Look {
  readonly atMs: number;
  readonly seen: boolean;
  readonly boxPx: BoxPx;
}

/** From when to when a figure can be seen, and how much of that is sure. */
interface Presence {
  readonly fromMs: number;
  readonly toMs: number;
  readonly clear: boolean;
  readonly seenAround: (atMs: number) => boolean;
  /** Whether nobody of its label went where it comes from, or comes from where it goes. */
  readonly appearsAlone: boolean;
  readonly vanishesAlone: boolean;
}

describe('events of simulated streets', () => {
  it('have a precision and recall of 0.99 at least, of every type', { timeout: 60_000 }, () => {
    const score = new Map<string, { right: number; wrong: number; missed: number; open: number }>();
    const report: string[] = [];
    for (const seed of SEEDS) {
      const { truth, told } = play(seed);
      const tally = (type: string) => {
        const known = score.get(type) ?? { right: 0, wrong: 0, missed: 0, open: 0 };
        score.set(type, known);
        return known;
      };
      const sure = match(
        told,
        truth.filter((fact) => fact.sure),
      );
      const unsure = told.filter((fact) => !sure.has(fact));
      const open = match(
        unsure,
        truth.filter((fact) => !fact.sure),
      );
      for (const { type } of sure.keys()) tally(type).right += 1;
      for (const { type } of open.keys()) tally(type).open += 1;
      const found = new Set(sure.values());
      for (const fact of unsure) {
        if (open.has(fact)) continue;
        tally(fact.type).wrong += 1;
        report.push(`seed ${seed} wrong  ${line(fact)}`);
      }
      for (const fact of truth) {
        if (!fact.sure || found.has(fact)) continue;
        tally(fact.type).missed += 1;
        report.push(`seed ${seed} missed ${line(fact)}`);
      }
    }
    const details = `${[...score].map(([type, n]) => `${type} ${JSON.stringify(n)}`).join('\n')}\n${report.join('\n')}`;
    expect([...score.keys()].sort()).toEqual(TYPES);
    for (const [type, { right, wrong, missed }] of score) {
      expect(right, `${type}: too few to tell`).toBeGreaterThan(10);
      expect(right / (right + wrong), `precision of ${type}\n${details}`).toBeGreaterThanOrEqual(0.99);
      expect(right / (right + missed), `recall of ${type}\n${details}`).toBeGreaterThanOrEqual(0.99);
    }
  });
});

const TYPES = [
  'line.crossed',
  'object.ended',
  'object.started',
  'zone.cleared',
  'zone.dwelled',
  'zone.entered',
  'zone.left',
  'zone.occupied',
];

/** As many pairs as there can be of what was told and what is true, one to one (augmenting paths, Kuhn). */
function match(told: readonly Fact[], truth: readonly Fact[]): Map<Fact, Fact> {
  const teller = new Map<Fact, Fact>();
  const assign = (fact: Fact, tried: Set<Fact>): boolean => {
    for (const other of truth) {
      if (tried.has(other) || !fits(fact, other)) continue;
      tried.add(other);
      const rival = teller.get(other);
      if (rival !== undefined && !assign(rival, tried)) continue;
      teller.set(other, fact);
      return true;
    }
    return false;
  };
  for (const fact of told) assign(fact, new Set());
  return new Map([...teller].map(([other, fact]) => [fact, other]));
}

function line({ type, label, place, fromMs, toMs }: Fact): string {
  return `${type} ${label} ${place} ${(fromMs / 1000).toFixed(2)}..${(toMs / 1000).toFixed(2)}`;
}

function fits(told: Fact, truth: Fact): boolean {
  return (
    told.type === truth.type &&
    told.label === truth.label &&
    told.place === truth.place &&
    apart(told, truth) <= TOLERANCE_MS
  );
}

function apart(told: Fact, truth: Fact): number {
  return Math.max(0, truth.fromMs - told.fromMs, told.fromMs - truth.toMs);
}

function play(seed: number): { truth: Fact[]; told: Fact[] } {
  const scene = new Scene({ seed });
  const random = seededRandom(seed + 1000);
  const camera = cameraSchema.parse({ source: 'sim://scene', ...rules });
  const tracker = new Tracker({ ...camera.track, ...thresholdsFor(0.35) });
  let ids = 0;
  const judge = new CameraRules({
    cameraId: 'street',
    objects: camera.objects,
    zones: camera.zones,
    lines: camera.lines,
    newObjectId: () => `object-${++ids}`,
  });
  const looks = new Map<string, { label: string; looks: Look[] }>();
  const told: EventDraft[] = [];
  for (let n = 0; (n * 1000) / FPS <= LENGTH_MS; n++) {
    const atMs = (n * 1000) / FPS;
    const truth = scene.truthAt(atMs);
    for (const { objectId, label, boxPx, visibleFraction } of truth) {
      const known = looks.get(objectId) ?? { label, looks: [] };
      known.looks.push({ atMs, seen: visibleFraction >= VISIBLE, boxPx });
      looks.set(objectId, known);
    }
    const update = tracker.update(detect(truth, scene, random), atMs);
    const times = { captureAtMs: atMs, captureMonoMs: atMs, decodedAtMs: atMs };
    told.push(...judge.update(update, { source: scene.options.source, times, inferredAtMs: atMs }));
  }
  told.push(...judge.endAll('stopped'));
  return { truth: truthOf(scene, looks), told: told.flatMap(toFact) };
}

function detect(truth: readonly TruthObject[], scene: Scene, random: () => number): Detection[] {
  const { widthPx, heightPx } = scene.options.source;
  const clip = (value: number, most: number) => Math.min(most, Math.max(0, value));
  const detections = truth
    .filter(({ visibleFraction }) => visibleFraction >= VISIBLE && random() >= NOISE.missed)
    .map(({ label, boxPx: [x1, y1, x2, y2] }): Detection => {
      const shift = (size: number) => (random() - 0.5) * 2 * NOISE.jitter * size;
      const [dx, dy] = [shift(x2 - x1), shift(y2 - y1)];
      return {
        label,
        classId: ['person', 'car', 'bicycle'].indexOf(label),
        score: 0.5 + 0.5 * random(),
        boxPx: [
          clip(x1 + dx, widthPx),
          clip(y1 + dy, heightPx),
          clip(x2 + dx, widthPx),
          clip(y2 + dy, heightPx),
        ],
      };
    });
  if (random() < NOISE.invented) {
    const [x, y] = [random() * widthPx * 0.9, random() * heightPx * 0.9];
    detections.push({ label: 'person', classId: 0, score: 0.4, boxPx: [x, y, x + 40, y + 80] });
  }
  return detections;
}

function toFact(draft: EventDraft): Fact[] {
  const { type, atMs } = draft;
  if (type === 'object.updated' || type === 'camera.state') return [];
  const at = { fromMs: atMs, toMs: atMs, sure: true };
  if (type === 'zone.occupied') return [{ type, label: '', place: draft.zone, ...at, fromMs: draft.sinceMs }];
  if (type === 'zone.cleared') return [{ type, label: '', place: draft.zone, ...at }];
  const place =
    type === 'line.crossed' ? `${draft.line} ${draft.direction}` : 'zone' in draft ? draft.zone : '';
  return [{ type, label: draft.label, place, ...at }];
}

function truthOf(scene: Scene, all: Map<string, { label: string; looks: Look[] }>): Fact[] {
  const facts: Fact[] = [];
  const presences = new Map<string, Presence>();
  const visits = [...all].flatMap(([objectId, { label, looks }]) => {
    const seen = looks.filter((look) => look.seen);
    return seen.length === 0 ? [] : [{ objectId, label, looks, seen, first: seen[0]!, last: seen.at(-1)! }];
  });
  for (const { objectId, label, looks, seen, first, last } of visits) {
    const [fromMs, toMs] = [first.atMs, last.atMs];
    const longestGapMs = Math.max(0, ...seen.slice(1).map((look, i) => look.atMs - seen[i]!.atMs));
    const clear = toMs - fromMs >= CLEAR_MS && longestGapMs <= HIDDEN_MS;
    const seenAround = (atMs: number) =>
      looks.every((look) => look.seen || Math.abs(look.atMs - atMs) > 600) &&
      atMs - fromMs > 600 &&
      toMs - atMs > 600;
    const others = visits.filter((other) => other.label === label && other.objectId !== objectId);
    const appearsAlone = !others.some((other) => follows(other.last, first));
    const vanishesAlone = !others.some((other) => follows(last, other.first));
    presences.set(objectId, { fromMs, toMs, clear, seenAround, appearsAlone, vanishesAlone });
    const fact = { label, place: '' };
    facts.push(
      { ...fact, type: 'object.started', fromMs, toMs: fromMs, sure: clear && appearsAlone },
      { ...fact, type: 'object.ended', fromMs: toMs, toMs, sure: clear && vanishesAlone },
    );
  }
  for (const [zone, { polygon }] of Object.entries(rules.zones))
    facts.push(...truthOfZone(scene, zone, polygon, presences));
  for (const { objectId, label, atMs, direction } of crossings(scene, rules.lines.post, 0, LENGTH_MS)) {
    const presence = presences.get(objectId);
    if (presence === undefined) continue;
    facts.push({
      type: 'line.crossed',
      label,
      place: `post ${direction}`,
      fromMs: atMs,
      toMs: atMs,
      sure: presence.clear && presence.seenAround(atMs),
    });
  }
  return facts;
}

/** Whether the second could be the first come back: within what an object is waited for, and within its reach. */
function follows(gone: Look, come: Look): boolean {
  const [centre, extent] = [centrePx(gone.boxPx), extentPx(gone.boxPx)];
  const [x, y] = centrePx(come.boxPx);
  const afterMs = come.atMs - gone.atMs;
  return afterMs >= -400 && afterMs <= 3_000 && Math.hypot(x - centre[0], y - centre[1]) <= 2 * extent;
}

/** Whether a figure walks over a border, and does not stop on it: it covers a tenth of its height to either side of it. */
function walksOn(scene: Scene, objectId: string, atMs: number): boolean {
  const at = (tMs: number) => scene.figuresAt(tMs).find(({ visit }) => visit.objectId === objectId);
  const [before, now, after] = [at(atMs - GRAZE_MS), at(atMs), at(atMs + GRAZE_MS)];
  if (before === undefined || now === undefined || after === undefined) return false;
  const limitPx = 0.1 * (now.boxPx[3] - now.boxPx[1]);
  const far = (other: typeof now) =>
    Math.hypot(other.groundPx[0] - now.groundPx[0], other.groundPx[1] - now.groundPx[1]) > limitPx;
  return far(before) && far(after);
}

type Presences = ReadonlyMap<string, Presence>;

function truthOfZone(scene: Scene, place: string, polygon: Polygon, presences: Presences): Fact[] {
  const facts: Fact[] = [];
  const persons: { fromMs: number; toMs: number; sure: boolean }[] = [];
  // An area that reaches the picture's lower edge goes on below it, where the feet of whoever comes near are.
  const ground = polygon.map(([x, y]): [number, number] => [x, y === 1 ? 9 : y]);
  for (const { objectId, label, enteredAtMs, leftAtMs } of zoneVisits(scene, ground, 0, LENGTH_MS)) {
    const presence = presences.get(objectId);
    if (presence === undefined) continue;
    const fromMs = Math.max(enteredAtMs, presence.fromMs);
    const toMs = Math.min(leftAtMs, presence.toMs);
    if (toMs <= fromMs) continue;
    const stays = toMs - fromMs >= ENTER_MS + GRAZE_MS;
    const appears =
      (fromMs === presence.fromMs && presence.appearsAlone) ||
      (presence.seenAround(fromMs) && walksOn(scene, objectId, fromMs));
    const vanishes =
      (toMs === presence.toMs && presence.vanishesAlone) ||
      (presence.seenAround(toMs) && walksOn(scene, objectId, toMs));
    const sure = presence.clear && stays && appears && vanishes;
    if (label === 'person') persons.push({ fromMs, toMs, sure });
    const entered = { type: 'zone.entered', label, place, fromMs, sure };
    facts.push({ ...entered, toMs: sure ? fromMs + ENTER_MS : toMs });
    const left = { type: 'zone.left', label, place, toMs: toMs + ENTER_MS, sure };
    facts.push({ ...left, fromMs: sure ? toMs : fromMs, toMs: toMs + (sure ? ENTER_MS : LONGEST_PAUSE_MS) });
    // A stay that may go on in another visit may be long although it is short.
    if (sure && toMs - fromMs < DWELL_MS - GRAZE_MS) continue;
    const dwelled = {
      type: 'zone.dwelled',
      label,
      place,
      fromMs: fromMs + DWELL_MS,
      toMs: fromMs + DWELL_MS,
    };
    facts.push({ ...dwelled, sure: sure && toMs - fromMs >= DWELL_MS + GRAZE_MS });
  }
  return place === 'middle' ? [...facts, ...truthOfOccupancy(place, persons)] : facts;
}

function truthOfOccupancy(
  place: string,
  stays: readonly { fromMs: number; toMs: number; sure: boolean }[],
): Fact[] {
  const spans: { fromMs: number; toMs: number; sure: boolean }[] = [];
  const times = [...new Set(stays.flatMap(({ fromMs, toMs }) => [fromMs, toMs]))].sort((a, b) => a - b);
  for (let i = 0; i + 1 < times.length; i++) {
    const [fromMs, toMs] = [times[i]!, times[i + 1]!];
    const inside = stays.filter((stay) => stay.fromMs <= fromMs && stay.toMs >= toMs);
    if (inside.length <= MORE_THAN) continue;
    const sure = inside.every((stay) => stay.sure);
    const last = spans.at(-1);
    if (last?.toMs === fromMs) {
      last.toMs = toMs;
      last.sure &&= sure;
    } else spans.push({ fromMs, toMs, sure });
  }
  return spans.flatMap(({ fromMs, toMs, sure }, i) => {
    const alone =
      fromMs - (spans[i - 1]?.toMs ?? -Infinity) > 2 * GRAZE_MS &&
      (spans[i + 1]?.fromMs ?? Infinity) - toMs > 2 * GRAZE_MS &&
      toMs - fromMs > FOR_MS + GRAZE_MS;
    const fact = { label: '', place, sure: sure && alone };
    return [
      { ...fact, type: 'zone.occupied', fromMs, toMs: fromMs + ENTER_MS },
      { ...fact, type: 'zone.cleared', fromMs: toMs, toMs: toMs + ENTER_MS },
    ];
  });
}
