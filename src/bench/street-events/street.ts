import { cameraSchema } from '../../config/camera-schema.ts';

/** Frames per second that the rules get, and the time between two of them. */
export const FPS = 5;
export const PERIOD_MS = 1000 / FPS;
/** Every street is watched from the moment when it is empty, for so long. */
export const LENGTH_MS = 30_000;

/** A rectangle in 0..1 of the picture: x1, y1, x2, y2. */
export type Area = readonly [x1: number, y1: number, x2: number, y2: number];

export const DWELL_MS = 4_000;
/** Rules on how many are in the middle. */
export const OCCUPANCY = {
  busy: { objects: ['person'], moreThan: 1, forMs: 1_000 },
  anybody: { objects: ['person'], moreThan: 0, forMs: 1_000 },
};
export type OccupancyRule = keyof typeof OCCUPANCY;
export const AREAS = { middle: [0.3, 0.3, 0.7, 1], left: [0, 0.3, 0.45, 1] } as const;
/** A line from the lower edge of the picture up: `forward` is to the right. */
export const POST = { x: 0.55, fromY: 1, toY: 0.3 };

const corners = ([x1, y1, x2, y2]: Area): [number, number][] => [
  [x1, y1],
  [x2, y1],
  [x2, y2],
  [x1, y2],
];

/** The configuration that every street is watched with. */
export const CAMERA = cameraSchema.parse({
  source: 'sim://scene',
  detect: { fps: FPS },
  snapshots: { enabled: false },
  zones: {
    middle: {
      polygon: corners(AREAS.middle),
      dwellMs: DWELL_MS,
      occupancy: OCCUPANCY,
    },
    left: { polygon: corners(AREAS.left), dwellMs: DWELL_MS },
  },
  lines: { post: { from: [POST.x, POST.fromY], to: [POST.x, POST.toY] } },
});

/** Something that happened, or was told to have happened. */
export interface Fact {
  readonly type: string;
  readonly label: string;
  /** Zone, zone and rule, or line and direction. */
  readonly place: string;
  /** The first and the last ms at which it may have happened. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** `open`: the rules of truth.ts leave open whether it is to be told. */
export interface TruthFact extends Fact {
  readonly open: boolean;
}
