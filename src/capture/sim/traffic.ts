import { seededRandom } from '../../base/random.ts';
import type { SizePx } from '../../flow/geometry.ts';
import { drawLook, type FigureLabel, type Heading, type Look, type Pose } from './figures.ts';
import { hash } from './hash.ts';
import { DOORS, DOORSTEP, HORIZON, metreAt, PARKING, PARKING_PLACES } from './layout.ts';
import type { SceneOptions } from './scene.ts';

/** One figure's whole visit: everything about it follows from the seed, its stream and its number. */
export interface Visit {
  readonly objectId: string;
  readonly look: Look;
  readonly stream: Stream;
  /** When it starts, just outside the picture, ms. */
  readonly fromMs: number;
  /** When it is outside again, ms. */
  readonly toMs: number;
  /** The line it follows: 0..1 of the picture's height, or of its width where it walks from or to a door. */
  readonly lane: number;
  readonly speedMPerS: number;
  /** Length of the way, metres. */
  readonly wayM: number;
  /** A walker may stop once, after so many metres for so long; a parked car does. */
  readonly pauseAfterM: number;
  readonly pauseMs: number;
}

interface Stream {
  readonly name: string;
  readonly label: FigureLabel;
  readonly heading: Heading;
  /** Share of all objects. */
  readonly share: number;
  /** Ground lines to choose from, 0..1 of the height; `null`: from a door straight across the street, or back. */
  readonly lanes: readonly [from: number, to: number] | null;
  readonly speedMPerS: readonly [slow: number, fast: number];
  /** Objects of one stream start at least so far apart, so that cars in a lane do not drive through each other. */
  readonly minGapMs: number;
}

// Vehicles of a lane share one speed for the same reason.
// biome-ignore format: a table
const STREAMS: readonly Stream[] = [
  { name: 'far-left', label: 'person', heading: 'left', share: 0.13, lanes: [0.452, 0.475], speedMPerS: [1.1, 1.7], minGapMs: 900 },
  { name: 'far-right', label: 'person', heading: 'right', share: 0.13, lanes: [0.452, 0.48], speedMPerS: [1.1, 1.7], minGapMs: 900 },
  { name: 'near-left', label: 'person', heading: 'left', share: 0.12, lanes: [0.86, 0.97], speedMPerS: [1.0, 1.6], minGapMs: 900 },
  { name: 'near-right', label: 'person', heading: 'right', share: 0.12, lanes: [0.86, 0.97], speedMPerS: [1.0, 1.6], minGapMs: 900 },
  { name: 'crossing-down', label: 'person', heading: 'towards', share: 0.06, lanes: null, speedMPerS: [1.2, 1.6], minGapMs: 2500 },
  { name: 'crossing-up', label: 'person', heading: 'away', share: 0.06, lanes: null, speedMPerS: [1.2, 1.6], minGapMs: 2500 },
  { name: 'cars-left', label: 'car', heading: 'left', share: 0.12, lanes: [0.6, 0.6], speedMPerS: [5.5, 5.5], minGapMs: 1800 },
  { name: 'cars-right', label: 'car', heading: 'right', share: 0.12, lanes: [0.735, 0.735], speedMPerS: [5, 5], minGapMs: 1800 },
  { name: 'cycles-left', label: 'bicycle', heading: 'left', share: 0.07, lanes: [0.53, 0.53], speedMPerS: [3.6, 3.6], minGapMs: 1200 },
  { name: 'cycles-right', label: 'bicycle', heading: 'right', share: 0.07, lanes: [0.795, 0.795], speedMPerS: [3.4, 3.4], minGapMs: 1200 },
];

// biome-ignore format: a table
const PARKED: Stream = { name: 'parked', label: 'car', heading: 'right', share: 0, lanes: [PARKING, PARKING], speedMPerS: [4, 4], minGapMs: 0 };
/** Sets the looks of parked cars apart from those of the streams. */
const PARKED_INDEX = 0x70;

const LONGEST_VISIT_MS = 60_000;
/** Half the length of the longest figure, with room to spare. */
const MARGIN_M = 3.2;
/** So far down the picture, somebody who walked across has his head below its edge. */
const BELOW_PICTURE = 1.95;
/** Growth of the distance from the horizon per metre walked towards the camera. */
const DEPTH_PER_M = 0.09;

/** Everybody who comes along: a pure function of the options. At time 0 the street is empty but for what is parked. */
export class Traffic {
  readonly #seed: number;
  readonly #ratePerMinute: number;
  readonly #source: SizePx;
  readonly #parked: readonly Visit[];

  constructor(options: Pick<SceneOptions, 'seed' | 'ratePerMinute' | 'source' | 'parked' | 'parkedUntilMs'>) {
    this.#seed = options.seed;
    this.#ratePerMinute = options.ratePerMinute;
    this.#source = options.source;
    this.#parked = PARKING_PLACES.slice(0, options.parked).map((place, n) =>
      this.#parkedAt(place, n, options.parkedUntilMs),
    );
  }

  get #aspect(): number {
    return this.#source.widthPx / this.#source.heightPx;
  }

  /** Visits that touch an interval of time, in no particular order. */
  during(fromMs: number, toMs: number): Visit[] {
    const parked = this.#parked.filter((visit) => visit.fromMs <= toMs && visit.toMs >= fromMs);
    if (this.#ratePerMinute === 0) return parked;
    const passing = STREAMS.flatMap((stream, index) => {
      const gapMs = Math.max(stream.minGapMs * 1.6, 60_000 / (this.#ratePerMinute * stream.share));
      const first = Math.max(0, Math.floor((fromMs - LONGEST_VISIT_MS) / gapMs) - 1);
      const visits: Visit[] = [];
      for (let n = first; n * gapMs <= toMs; n++) {
        const visit = this.#visit(stream, index, n, gapMs);
        if (visit.fromMs <= toMs && visit.toMs >= fromMs) visits.push(visit);
      }
      return visits;
    });
    return [...parked, ...passing];
  }

  /** Where a visitor is and how it is posed; times outside the visit continue its way. */
  poseAt(visit: Visit, tMs: number): Pose {
    const pauseFromMs = visit.fromMs + (visit.pauseAfterM / visit.speedMPerS) * 1000;
    const pausedMs = Math.min(visit.pauseMs, Math.max(0, tMs - pauseFromMs));
    const standing = visit.pauseMs > 0 && tMs > pauseFromMs && tMs < pauseFromMs + visit.pauseMs;
    const doneM = (visit.speedMPerS * (tMs - visit.fromMs - pausedMs)) / 1000;
    const [x, y] = groundAt(visit, doneM, this.#aspect);
    return {
      x: x * this.#source.widthPx,
      y: y * this.#source.heightPx,
      pxPerM: metreAt(y) * this.#source.heightPx,
      heading: visit.stream.heading,
      phase: phaseOf(visit.look.label, doneM),
      stride: standing ? 0.1 : 1,
    };
  }

  /** A car that stopped at its place when the time began, and drives on at `untilMs`. */
  #parkedAt(place: number, n: number, untilMs: number): Visit {
    const random = seededRandom(hash(this.#seed, PARKED_INDEX, n));
    for (let i = 0; i < 3; i++) random();
    const [speedMPerS] = PARKED.speedMPerS;
    const pauseAfterM = (place * this.#aspect) / metreAt(PARKING) + MARGIN_M;
    const fromMs = -(pauseAfterM / speedMPerS) * 1000;
    const wayM = this.#aspect / metreAt(PARKING) + 2 * MARGIN_M;
    return {
      objectId: `${PARKED.name}-${n}`,
      look: drawLook('car', random),
      stream: PARKED,
      fromMs,
      toMs: fromMs + (wayM / speedMPerS) * 1000 + untilMs,
      lane: PARKING,
      speedMPerS,
      wayM,
      pauseAfterM,
      pauseMs: untilMs,
    };
  }

  #visit(stream: Stream, index: number, n: number, gapMs: number): Visit {
    const random = seededRandom(hash(this.#seed, index, n));
    for (let i = 0; i < 3; i++) random();
    const between = ([from, to]: readonly [number, number]) => from + (to - from) * random();
    const look = drawLook(stream.label, random);
    const { lanes } = stream;
    const lane = lanes === null ? DOORS[Math.floor(random() * DOORS.length)]! : between(lanes);
    const speedMPerS = between(stream.speedMPerS);
    const wayM = lanes === null ? CROSSING_M : this.#aspect / metreAt(lane) + 2 * MARGIN_M;
    const pauses = stream.label === 'person' && random() < 0.2;
    const pauseAfterM = wayM * (0.3 + 0.4 * random());
    const pauseMs = pauses ? 2000 + 5000 * random() : 0;
    // Each stream has a phase of its own: the gap before its first visitor differs from seed to seed.
    const phase = seededRandom(hash(this.#seed, index, -1))();
    const slack = 1 - stream.minGapMs / gapMs;
    const fromMs = (n + phase * 0.3 + 0.7 * slack * random()) * gapMs;
    const toMs = fromMs + (wayM / speedMPerS) * 1000 + pauseMs;
    return {
      objectId: `${stream.name}-${n}`,
      look,
      stream,
      fromMs,
      toMs,
      lane,
      speedMPerS,
      wayM,
      pauseAfterM,
      pauseMs,
    };
  }
}

/** Ground point after so many metres, 0..1 of the picture. */
function groundAt(visit: Visit, doneM: number, aspect: number): readonly [number, number] {
  const { heading } = visit.stream;
  if (heading === 'left' || heading === 'right') {
    const along = ((doneM - MARGIN_M) * metreAt(visit.lane)) / aspect;
    return [heading === 'right' ? along : 1 - along, visit.lane];
  }
  // Depth: a step of a metre covers less of the picture the further away it is.
  const done = heading === 'towards' ? doneM : visit.wayM - doneM;
  return [visit.lane, HORIZON + (DOORSTEP - HORIZON) * Math.exp(done * DEPTH_PER_M)];
}

const CROSSING_M = Math.log((BELOW_PICTURE - HORIZON) / (DOORSTEP - HORIZON)) / DEPTH_PER_M;

function phaseOf(label: FigureLabel, doneM: number): number {
  if (label === 'person') return (doneM / 1.4) * 2 * Math.PI;
  if (label === 'bicycle') return (doneM / 4.5) * 2 * Math.PI;
  return doneM / 0.33;
}
