import { LENGTH_MS, OCCUPANCY, type OccupancyRule, PERIOD_MS, type TruthFact } from './street.ts';

/** A stay in a zone: it began in [fromMs, fromSureMs] and ended in [toSureMs, toMs], or when that was noticed. */
export interface Stay {
  readonly label: string;
  readonly fromMs: number;
  readonly fromSureMs: number;
  readonly toSureMs: number;
  readonly toMs: number;
}

interface Span {
  readonly fromMs: number;
  toMs: number;
  readonly occupied: boolean;
}

/** Two frames missed. */
const NOISE_MS = 2 * PERIOD_MS;
/** After the last frame. */
const END_MS = LENGTH_MS + PERIOD_MS;

/**
 * When a zone was occupied. It surely is while too many stays must last, for as long as asked and NOISE_MS, and surely is not while no
 * more than allowed can last, for NOISE_MS. Each change from the one to the other is a fact; what is between two spans of the
 * same kind, and long enough for a change to and fro, is open.
 */
export function occupancyFacts(zone: string, name: OccupancyRule, stays: readonly Stay[]): TruthFact[] {
  const rule = OCCUPANCY[name];
  const place = `${zone} ${name}`;
  const counting = stays.filter(({ label }) => rule.objects.includes(label));
  const facts: TruthFact[] = [];
  const tell = (occupied: boolean, fromMs: number, toMs: number, open: boolean) =>
    facts.push({ type: occupied ? 'zone.occupied' : 'zone.cleared', label: '', place, fromMs, toMs, open });
  let last: Span = { fromMs: Number.NEGATIVE_INFINITY, toMs: 0, occupied: false };
  for (const span of sureSpans(counting, rule)) {
    const turns = span.occupied !== last.occupied;
    if (turns) tell(span.occupied, last.toMs, span.fromMs, false);
    const leastMs = span.occupied && last.occupied ? PERIOD_MS : rule.forMs;
    // To and fro takes two stays that begin or end, and one more where it turns besides.
    const needed = turns ? 3 : 2;
    if (span.fromMs - last.toMs >= leastMs && changesIn(counting, last.toMs, span.fromMs) >= needed) {
      tell(!span.occupied, last.toMs, span.fromMs, true);
      tell(span.occupied, last.toMs, span.fromMs, true);
    }
    last = span;
  }
  return facts;
}

/** How many beginnings and ends of stays may lie in an interval. */
function changesIn(stays: readonly Stay[], fromMs: number, toMs: number): number {
  const within = (from: number, to: number) => (from < toMs && to > fromMs ? 1 : 0);
  return stays.reduce(
    (sum, stay) => sum + within(stay.fromMs, stay.fromSureMs) + within(stay.toSureMs, stay.toMs),
    0,
  );
}

/** The spans in which a zone surely is, or surely is not, occupied, in turn or not. */
function sureSpans(stays: readonly Stay[], { moreThan, forMs }: { moreThan: number; forMs: number }): Span[] {
  const times = stays.flatMap(({ fromMs, fromSureMs, toSureMs, toMs }) => [
    fromMs,
    fromSureMs,
    toSureMs,
    toMs,
  ]);
  const steps = [...new Set([0, ...times.filter((ms) => ms < END_MS), END_MS])].sort((a, b) => a - b);
  const spans: Span[] = [];
  steps.slice(1).forEach((toMs, i) => {
    const fromMs = steps[i]!;
    const least = stays.filter((stay) => stay.fromSureMs <= fromMs && stay.toSureMs >= toMs).length;
    const most = stays.filter((stay) => stay.fromMs <= fromMs && stay.toMs >= toMs).length;
    if (least <= moreThan && most > moreThan) return;
    const occupied = least > moreThan;
    const last = spans.at(-1);
    if (last?.toMs === fromMs && last.occupied === occupied) last.toMs = toMs;
    else spans.push({ fromMs, toMs, occupied });
  });
  const long = spans.filter((span) => span.toMs - span.fromMs >= (span.occupied ? forMs : 0) + NOISE_MS);
  // Nobody is watched any more.
  return [...long, { fromMs: END_MS, toMs: END_MS, occupied: false }];
}
