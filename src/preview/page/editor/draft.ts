import { polygonProblem } from '../../../config/polygon.ts';
import type { PointNorm } from '../../../flow/geometry.ts';

export type ShapeKind = 'zone' | 'line' | 'mask';

/** An area or line on the picture while it is edited. */
export interface Shape {
  /** Stays the same when the shape is renamed. */
  readonly key: string;
  readonly kind: ShapeKind;
  /** Name of a zone or line; masks have none. */
  readonly id: string;
  /** Two for a line: `from` and `to`. */
  readonly points: readonly PointNorm[];
  /** All other settings, as the configuration has them. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What one camera's configuration holds of zones, lines and motion masks. */
export interface CameraShapes {
  readonly zones: Readonly<Record<string, { readonly polygon: readonly PointNorm[] }>>;
  readonly lines: Readonly<Record<string, { readonly from: PointNorm; readonly to: PointNorm }>>;
  readonly masks: readonly (readonly PointNorm[])[];
}

export const MAX_POINTS = 64;
/** As the configuration asks of names. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export function shapesOf({ zones, lines, masks }: CameraShapes): Shape[] {
  return [
    ...Object.entries(zones).map(([id, { polygon, ...settings }]) => ({
      key: `zone:${id}`,
      kind: 'zone' as const,
      id,
      points: polygon,
      settings,
    })),
    ...Object.entries(lines).map(([id, { from, to, ...settings }]) => ({
      key: `line:${id}`,
      kind: 'line' as const,
      id,
      points: [from, to],
      settings,
    })),
    ...masks.map((points, i) => ({ key: `mask:${i}`, kind: 'mask' as const, id: '', points, settings: {} })),
  ];
}

/** The opposite of `shapesOf`. */
export function cameraShapesOf(shapes: readonly Shape[]): CameraShapes {
  const of = (kind: ShapeKind) => shapes.filter((shape) => shape.kind === kind);
  return {
    zones: Object.fromEntries(
      of('zone').map(({ id, points, settings }) => [id, { ...settings, polygon: points }]),
    ),
    lines: Object.fromEntries(
      of('line').map(({ id, points, settings }) => [id, { ...settings, from: points[0]!, to: points[1]! }]),
    ),
    masks: of('mask').map(({ points }) => points),
  };
}

/** What is wrong with the form of a shape, in the words of `ocellus check`; undefined when it is sound. */
export function formProblem(kind: ShapeKind, points: readonly PointNorm[]): string | undefined {
  if (kind === 'line') {
    const [from, to] = points;
    if (from === undefined || to === undefined) return 'a line needs two points';
    return from[0] === to[0] && from[1] === to[1] ? 'it begins where it ends' : undefined;
  }
  if (points.length < 3) return `an area needs at least three points, it has ${points.length}`;
  if (points.length > MAX_POINTS) return `an area has at most ${MAX_POINTS} points`;
  return polygonProblem(points);
}

/** What is wrong with each shape, by key; empty when all can be saved. */
export function problemsOf(shapes: readonly Shape[]): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  for (const shape of shapes) {
    const problem = nameProblem(shape, shapes) ?? formProblem(shape.kind, shape.points);
    if (problem !== undefined) problems.set(shape.key, problem);
  }
  return problems;
}

function nameProblem({ key, kind, id }: Shape, shapes: readonly Shape[]): string | undefined {
  if (kind === 'mask') return undefined;
  if (!NAME.test(id)) return 'a name has 1 to 64 letters, digits, "-" and "_", a letter or digit first';
  const twin = shapes.some((other) => other.key !== key && other.kind === kind && other.id === id);
  return twin ? `another ${kind} is called ${id}` : undefined;
}

/** A name that no other shape of the kind has: `zone-1`, `zone-2` and so on. */
export function freeName(kind: ShapeKind, shapes: readonly Shape[]): string {
  const taken = new Set(shapes.map(({ id }) => id));
  let number = 1;
  while (taken.has(`${kind}-${number}`)) number += 1;
  return `${kind}-${number}`;
}

/** The key of a shape that a path of the configuration is about: `zones.drive.polygon` gives `zone:drive`, if it is there. */
export function keyOfPath(path: string, shapes: readonly Shape[]): string | undefined {
  const match = /(?:^|\.)(zone|line|mask)s[.[]([^.\]]+)/.exec(path);
  if (match === null) return undefined;
  const [, kind, id] = match;
  if (kind === 'mask') return shapes.filter((shape) => shape.kind === 'mask')[Number(id)]?.key;
  return shapes.find((shape) => shape.kind === kind && shape.id === id)?.key;
}
