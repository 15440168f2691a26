import type { CameraConfig, ObjectConfig, ScheduleConfig, ZoneConfig } from './camera-schema.ts';
import type { Finding, Path } from './issue.ts';
import { polygonProblem } from './polygon.ts';
import { closest } from './suggest.ts';

type Point = readonly [x: number, y: number];

/** What contradicts itself in the rules of one camera: objects, zones, lines. */
export function checkRules(path: Path, camera: CameraConfig): Finding[] {
  const reported = Object.keys(camera.objects);
  return [
    ...Object.entries(camera.objects).flatMap(([label, object]) =>
      checkObject([...path, 'objects', label], object),
    ),
    ...Object.entries(camera.zones).flatMap(([name, zone]) =>
      checkZone([...path, 'zones', name], zone, reported),
    ),
    ...Object.entries(camera.classify).flatMap(([name, { objects }]) =>
      checkLabels([...path, 'classify', name, 'objects'], objects, reported, CAMERAS_OBJECTS),
    ),
    ...checkLabels([...path, 'reid', 'objects'], camera.reid?.objects ?? [], reported, CAMERAS_OBJECTS),
    ...Object.entries(camera.lines).flatMap(([name, { from, to, objects }]) => [
      ...(from[0] === to[0] && from[1] === to[1]
        ? [
            {
              path: [...path, 'lines', name, 'to'],
              message: 'the line ends where it starts',
              hint: 'move one end',
            },
          ]
        : []),
      ...checkLabels([...path, 'lines', name, 'objects'], objects, reported, CAMERAS_OBJECTS),
    ]),
  ];
}

/** Finds what keeps a polygon from being an area. */
export function checkPolygon(path: Path, polygon: readonly Point[]): Finding[] {
  const problem = polygonProblem(polygon);
  if (problem === undefined) return [];
  return [{ path, message: problem, hint: 'list the corners once each, going round the area' }];
}

function checkObject(path: Path, object: ObjectConfig): Finding[] {
  const { minArea, maxArea, minAspect, maxAspect, masks, schedule } = object;
  return [
    ...checkOrder(path, 'Area', minArea, maxArea),
    ...checkOrder(path, 'Aspect', minAspect, maxAspect),
    ...masks.flatMap((mask, i) => checkPolygon([...path, 'masks', i], mask)),
    ...(schedule === undefined ? [] : checkTimeZone([...path, 'schedule', 'timeZone'], schedule)),
  ];
}

function checkOrder(path: Path, of: 'Area' | 'Aspect', min: number, max: number): Finding[] {
  if (min <= max) return [];
  // The lower limit is stated, or it would be 0; the upper one may be a default.
  return [
    {
      path: [...path, `min${of}`],
      message: `min${of} (${min}) is above max${of} (${max}): no box is between them`,
      hint: `lower min${of} or raise max${of}`,
    },
  ];
}

function checkTimeZone(path: Path, { timeZone }: ScheduleConfig): Finding[] {
  if (timeZone === undefined || isTimeZone(timeZone)) return [];
  const near = closest(timeZone, Intl.supportedValuesOf('timeZone'));
  return [
    {
      path,
      message: `there is no time zone "${timeZone}"`,
      hint: near === undefined ? 'use an IANA name such as Europe/Berlin' : `did you mean "${near}"?`,
    },
  ];
}

function isTimeZone(name: string): boolean {
  // Offsets, which some runtimes take, know nothing of daylight saving time.
  if (/^[+-]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const CAMERAS_OBJECTS = { whose: "the camera's", add: 'add it to objects of the camera' };
const ZONES_OBJECTS = { whose: "the zone's", add: 'add it to objects of the zone' };

function checkZone(path: Path, zone: ZoneConfig, reported: readonly string[]): Finding[] {
  const { polygon, objects, occupancy, ground } = zone;
  return [
    ...checkPolygon([...path, 'polygon'], polygon),
    ...checkLabels([...path, 'objects'], objects, reported, CAMERAS_OBJECTS),
    ...Object.entries(occupancy).flatMap(([rule, { objects: counted }]) => {
      const at = [...path, 'occupancy', rule, 'objects'];
      return objects === undefined
        ? checkLabels(at, counted, reported, CAMERAS_OBJECTS)
        : checkLabels(at, counted, objects, ZONES_OBJECTS);
    }),
    ...(ground === undefined ? [] : checkGround([...path, 'ground'], ground)),
  ];
}

/** Three corners of the four points; the fourth of each is the one left out. */
const TRIPLES = [
  [1, 2, 3],
  [0, 2, 3],
  [0, 1, 3],
  [0, 1, 2],
] as const;
/** Twice the area of a triangle, against its longest side squared, below which its corners are on one line. */
const FLAT = 0.02;

function checkGround(path: Path, ground: NonNullable<ZoneConfig['ground']>): Finding[] {
  const views = [
    { name: 'in the picture', points: ground.map(({ at }) => at) },
    { name: 'on the plan', points: ground.map(({ metres }) => metres) },
  ];
  for (const { name, points } of views) {
    const flat = TRIPLES.find((triple) => turn(points, triple) === 0);
    if (flat === undefined) continue;
    const [a, b, c] = flat.map((i) => i + 1);
    return [
      {
        path,
        message: `points ${a}, ${b} and ${c} lie on one line ${name}`,
        hint: 'take the corners of a large rectangle on the ground',
      },
    ];
  }
  // A camera sees the corners of a plane in the same order of turns, or in the mirror image of it: all in front of it.
  const agree = TRIPLES.map((triple) => turn(views[0]!.points, triple) * turn(views[1]!.points, triple));
  if (agree.every((sign) => sign === agree[0])) return [];
  return [
    {
      path,
      message: 'the points are in another order on the plan than in the picture',
      hint: 'give each point the metres of the same place',
    },
  ];
}

/** 1 or -1 for the sense in which three points turn, 0 when they are on one line. */
function turn(points: readonly Point[], [i, j, k]: readonly [number, number, number]): number {
  const [a, b, c] = [points[i]!, points[j]!, points[k]!];
  const cross = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
  const longest = Math.max(
    Math.hypot(b[0] - a[0], b[1] - a[1]),
    Math.hypot(c[0] - a[0], c[1] - a[1]),
    Math.hypot(c[0] - b[0], c[1] - b[1]),
  );
  return Math.abs(cross) <= FLAT * longest ** 2 ? 0 : Math.sign(cross);
}

function checkLabels(
  path: Path,
  used: readonly string[] | undefined,
  known: readonly string[],
  { whose, add }: typeof CAMERAS_OBJECTS,
): Finding[] {
  if (known.length === 0) return [];
  return (used ?? []).flatMap((label, i) => {
    if (known.includes(label)) return [];
    const near = closest(label, known);
    return [
      {
        path: [...path, i],
        message: `"${label}" is not among ${whose} objects`,
        hint: near === undefined ? add : `did you mean "${near}"?`,
      },
    ];
  });
}
