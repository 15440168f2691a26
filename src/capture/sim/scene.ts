import type { BoxPx, SizePx } from '../../flow/geometry.ts';
import { Canvas } from './canvas.ts';
import { type FigureLabel, figureBox, figureShapes } from './figures.ts';
import { Finish } from './finish.ts';
import { type LightMode, lightAt } from './light.ts';
import { boundsOf, type Polygon } from './raster.ts';
import { ellipse, type Shape } from './shapes.ts';
import { paintStreet, type Street, streetOccluders } from './street.ts';
import { Traffic, type Visit } from './traffic.ts';
import { visibleFractions } from './visibility.ts';

export interface SceneOptions {
  readonly seed: number;
  /** Size of the virtual camera's own picture. */
  readonly source: SizePx;
  /** Objects that come along per minute; 0 is an empty street. */
  readonly ratePerMinute: number;
  /** Standard deviation of the sensor noise, luma levels. */
  readonly noise: number;
  readonly light: LightMode;
  /** Cars parked at the far kerb from the start on, 0 to PARKING_PLACES.length. */
  readonly parked: number;
  /** When those drive away, ms; Infinity: never. */
  readonly parkedUntilMs: number;
}

export const SCENE_DEFAULTS: SceneOptions = {
  seed: 1,
  source: { widthPx: 1280, heightPx: 720 },
  ratePerMinute: 24,
  noise: 2,
  light: 'slow',
  parked: 0,
  parkedUntilMs: Number.POSITIVE_INFINITY,
};

/** An object as it really is at one time. */
export interface TruthObject {
  /** One per visit. */
  readonly objectId: string;
  readonly label: FigureLabel;
  /** The whole figure, hidden parts included, may reach outside the picture. Source pixels. */
  readonly boxPx: BoxPx;
  /** The point on the ground below its middle, source pixels. */
  readonly groundPx: readonly [x: number, y: number];
  /** Share of its silhouette inside the picture and not hidden behind something, 0..1. */
  readonly visibleFraction: number;
}

/** A figure with its outlines at one time. */
export interface StandingFigure {
  readonly visit: Visit;
  readonly groundPx: readonly [x: number, y: number];
  readonly pxPerM: number;
  readonly shapes: readonly Shape[];
  readonly boxPx: BoxPx;
}

/**
 * A street drawn by the program, with everything known about it. Pixels and truth are pure functions of the options and
 * the time: the same seed and time give the same bytes, whatever was drawn before.
 */
export class Scene {
  readonly options: SceneOptions;
  readonly traffic: Traffic;
  #street: (Street & { readonly canvas: Canvas }) | undefined;
  readonly #finish: Finish;

  constructor(options: Partial<SceneOptions> = {}) {
    this.options = { ...SCENE_DEFAULTS, ...options };
    this.traffic = new Traffic(this.options);
    this.#finish = new Finish(this.options.seed, this.options.noise);
  }

  /**
   * Draws the scene as it is at `tMs` (>= 0) into an I420 buffer.
   * @param frame `data` holds at least `i420Bytes(widthPx, heightPx)` bytes
   */
  draw(tMs: number, frame: SizePx & { readonly data: Uint8Array }): void {
    const street = this.#streetFor(frame);
    const { canvas, background } = street;
    const { seed, light: mode, source } = this.options;
    const light = lightAt(mode, seed, tMs);
    frame.data.set(background);
    canvas.drawInto(frame.data);
    const scaleX = frame.widthPx / source.widthPx;
    const scaleY = frame.heightPx / source.heightPx;
    const figures = this.figuresAt(tMs);
    for (const figure of figures) drawShadow(canvas, figure, light.sun, scaleX, scaleY);
    // Furthest first; after each figure, whatever stands in front of it comes back.
    for (const figure of figures) {
      for (const { polygon, colour } of figure.shapes) canvas.fill(polygon, colour, scaleX, scaleY);
      this.#restoreOccluders(street, figure, canvas);
    }
    this.#finish.apply(frame, light, tMs);
  }

  /** Every object whose outlines touch the picture at `tMs`, furthest first. */
  truthAt(tMs: number): TruthObject[] {
    const figures = this.figuresAt(tMs);
    const fractions = visibleFractions(figures, streetOccluders(this.options.seed), this.options.source);
    return figures.map(({ visit, boxPx, groundPx }, i) => ({
      objectId: visit.objectId,
      label: visit.look.label,
      boxPx,
      groundPx,
      visibleFraction: fractions[i]!,
    }));
  }

  /** Figures whose outlines touch the picture, furthest first. */
  figuresAt(tMs: number): StandingFigure[] {
    return this.traffic
      .during(tMs, tMs)
      .map((visit) => this.figureAt(visit, tMs))
      .filter((figure) => figure !== undefined)
      .sort((a, b) => a.groundPx[1] - b.groundPx[1]);
  }

  /** One visitor's figure, or undefined while it does not touch the picture. */
  figureAt(visit: Visit, tMs: number): StandingFigure | undefined {
    const { widthPx, heightPx } = this.options.source;
    const pose = this.traffic.poseAt(visit, tMs);
    const shapes = figureShapes(visit.look, pose);
    const boxPx = figureBox(shapes);
    const [x1, y1, x2, y2] = boxPx;
    if (x1 >= widthPx || x2 <= 0 || y1 >= heightPx || y2 <= 0) return undefined;
    return { visit, groundPx: [pose.x, pose.y], pxPerM: pose.pxPerM, shapes, boxPx };
  }

  #restoreOccluders(street: Street, figure: StandingFigure, canvas: Canvas): void {
    const { source } = this.options;
    for (const occluder of street.occluders) {
      if (occluder.groundY * source.heightPx <= figure.groundPx[1]) continue;
      for (const { polygon } of occluder.parts) {
        if (!overlaps(polygon, figure, source)) continue;
        canvas.restore(polygon, street.background, canvas.widthPx, canvas.heightPx);
      }
    }
  }

  #streetFor({ widthPx, heightPx }: SizePx): Street & { readonly canvas: Canvas } {
    const known = this.#street;
    if (known?.canvas.widthPx === widthPx && known.canvas.heightPx === heightPx) return known;
    const street = {
      ...paintStreet(this.options.seed, widthPx, heightPx),
      canvas: new Canvas(widthPx, heightPx),
    };
    this.#street = street;
    return street;
  }
}

/** Whether an outline in 0..1 of the picture touches the box of a figure with its shadow. */
function overlaps(polygon: Polygon, figure: StandingFigure, source: SizePx): boolean {
  const [x1, y1, x2, y2] = figure.boxPx;
  const [left, top, right, bottom] = boundsOf(polygon);
  return (
    left * source.widthPx < x2 + figure.pxPerM &&
    right * source.widthPx > x1 &&
    top * source.heightPx < y2 + 0.4 * figure.pxPerM &&
    bottom * source.heightPx > y1
  );
}

/** The sun stands behind the left houses: shadows fall towards the camera, to the right. */
function drawShadow(
  canvas: Canvas,
  figure: StandingFigure,
  sun: number,
  scaleX: number,
  scaleY: number,
): void {
  const [x1, , x2] = figure.boxPx;
  const [x, y] = figure.groundPx;
  const half = Math.max((x2 - x1) / 2, 0.3 * figure.pxPerM);
  const depth = figure.visit.look.label === 'car' ? 0.28 : 0.12;
  const shadow = ellipse(x + 0.35 * depth * figure.pxPerM, y, half * 1.08, depth * figure.pxPerM, 16);
  canvas.darken(shadow, 0.62, scaleX, scaleY);
  if (sun > 0.05) {
    const cast = ellipse(
      x + 0.5 * figure.pxPerM,
      y + 0.16 * figure.pxPerM,
      half * 1.1,
      depth * 1.3 * figure.pxPerM,
      16,
    );
    canvas.darken(cast, 1 - 0.45 * sun, scaleX, scaleY);
  }
}
