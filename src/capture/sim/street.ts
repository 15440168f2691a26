import { seededRandom } from '../../base/random.ts';
import { Canvas } from './canvas.ts';
import { DOORS, FACADE_BOTTOM, ROAD_BOTTOM, ROAD_TOP } from './layout.ts';
import type { Polygon } from './raster.ts';
import { ellipse, hsv, rectangle, shade, type Yuv, yuv } from './shapes.ts';

/** Something of the street that can stand in front of a figure. Coordinates in 0..1 of the picture. */
export interface Occluder {
  readonly name: string;
  /** Where it meets the ground: figures whose ground line is above (further away) pass behind it. */
  readonly groundY: number;
  readonly parts: readonly { readonly polygon: Polygon; readonly colour: Yuv }[];
}

/** The street without anybody in it, painted once per size. */
export interface Street {
  readonly background: Uint8Array;
  readonly occluders: readonly Occluder[];
}

/** Trees, a lamp post, an advertising column and a hedge, placed by the seed; further away first. */
export function streetOccluders(seed: number): Occluder[] {
  const random = seededRandom(seed ^ 0x51ed270b);
  const at = (from: number, to: number) => from + (to - from) * random();
  const leaves = hsv(0.27 + 0.08 * random(), 0.5, 0.38);
  return [
    tree(at(0.22, 0.3), 0.492, leaves),
    tree(at(0.7, 0.78), 0.492, shade(leaves, 0.9)),
    lampPost(at(0.45, 0.55), 0.825),
    advertisingColumn(at(0.62, 0.7), 0.832, hsv(random(), 0.4, 0.5)),
    hedge(at(0, 0.12), at(0.24, 0.32), shade(leaves, 0.75)),
  ];
}

/** Paints the street for one picture size. */
export function paintStreet(seed: number, widthPx: number, heightPx: number): Street {
  const random = seededRandom(seed ^ 0x2545f491);
  const canvas = new Canvas(widthPx, heightPx);
  const fill = (polygon: Polygon, colour: Yuv) => canvas.fill(polygon, colour, widthPx, heightPx);
  fill(rectangle(0, 0, 1, 0.5), yuv(0.72, 0.82, 0.92));
  paintFacades(fill, random);
  paintGround(fill, canvas, seed);
  const occluders = streetOccluders(seed);
  for (const { parts } of occluders) for (const { polygon, colour } of parts) fill(polygon, colour);
  addGrain(canvas, seed ^ 0x77, 0, 1, 5, 420);
  return { background: canvas.data, occluders };
}

type Fill = (polygon: Polygon, colour: Yuv) => void;

function paintFacades(fill: Fill, random: () => number): void {
  let x = -0.02;
  for (const door of DOORS) {
    const right = door === DOORS.at(-1) ? 1.02 : door + 0.12 + 0.03 * random();
    const wall = hsv(0.02 + 0.12 * random(), 0.12 + 0.4 * random(), 0.45 + 0.4 * random());
    const top = 0.02 + 0.05 * random();
    fill(rectangle(x, top, right, FACADE_BOTTOM), wall);
    fill(rectangle(x, top, right, top + 0.018), shade(wall, 0.6));
    fill(rectangle(x, FACADE_BOTTOM - 0.025, right, FACADE_BOTTOM), shade(wall, 0.62));
    fill(rectangle(right - 0.004, top, right, FACADE_BOTTOM), shade(wall, 0.7));
    const glass = hsv(0.56, 0.25, 0.28 + 0.2 * random());
    for (const row of [0.09, 0.2]) {
      for (let column = x + 0.03; column < right - 0.045; column += 0.062) {
        fill(rectangle(column - 0.004, row - 0.008, column + 0.036, row + 0.072), shade(wall, 1.25));
        fill(
          rectangle(column, row, column + 0.032, row + 0.062),
          random() < 0.15 ? shade(glass, 2.2) : glass,
        );
        fill(rectangle(column + 0.0145, row, column + 0.0175, row + 0.062), shade(wall, 1.25));
      }
    }
    const wood = hsv(random(), 0.45, 0.22 + 0.2 * random());
    fill(rectangle(door - 0.026, 0.283, door + 0.026, FACADE_BOTTOM), shade(wall, 1.3));
    fill(rectangle(door - 0.021, 0.292, door + 0.021, FACADE_BOTTOM), wood);
    x = right;
  }
}

function paintGround(fill: Fill, canvas: Canvas, seed: number): void {
  const paving = yuv(0.62, 0.6, 0.57);
  const asphalt = yuv(0.33, 0.335, 0.35);
  const kerb = yuv(0.74, 0.73, 0.7);
  fill(rectangle(0, FACADE_BOTTOM, 1, ROAD_TOP), paving);
  fill(rectangle(0, ROAD_TOP, 1, ROAD_BOTTOM), asphalt);
  fill(rectangle(0, ROAD_BOTTOM, 1, 1), shade(paving, 0.95));
  const joint = shade(paving, 0.8);
  for (const y of [0.42, 0.445, 0.475, 0.87, 0.93]) fill(rectangle(0, y, 1, y + 0.003), joint);
  // Joints run towards one vanishing point above the picture's middle.
  for (let i = -30; i <= 60; i++) {
    const slanted = (from: number, to: number) => {
      const at = (y: number) => 0.5 + (i / 30 - 0.5) * (0.35 + 1.1 * y);
      fill([at(from), from, at(from) + 0.0016, from, at(to) + 0.0022, to, at(to), to], joint);
    };
    slanted(FACADE_BOTTOM, ROAD_TOP);
    slanted(ROAD_BOTTOM, 1);
  }
  addGrain(canvas, seed ^ 0x11, ROAD_TOP, ROAD_BOTTOM, 22, 300);
  addGrain(canvas, seed ^ 0x13, ROAD_TOP, ROAD_BOTTOM, 14, 24);
  addGrain(canvas, seed ^ 0x15, ROAD_BOTTOM, 1, 16, 40);
  addGrain(canvas, seed ^ 0x17, FACADE_BOTTOM, ROAD_TOP, 12, 90);
  addGrain(canvas, seed ^ 0x19, 0, FACADE_BOTTOM, 10, 60);
  fill(rectangle(0, ROAD_TOP - 0.008, 1, ROAD_TOP + 0.004), kerb);
  fill(rectangle(0, ROAD_BOTTOM - 0.006, 1, ROAD_BOTTOM + 0.01), kerb);
  for (let i = 0; i < 9; i++) {
    const x = i * 0.125 - 0.02;
    fill([x + 0.004, 0.64, x + 0.06, 0.64, x + 0.062, 0.65, x, 0.65], yuv(0.86, 0.86, 0.82));
  }
}

/** Adds value noise of +-amplitude/2 luma levels between two heights; `cells` per picture width. */
function addGrain(
  canvas: Canvas,
  seed: number,
  from: number,
  to: number,
  amplitude: number,
  cells: number,
): void {
  const { widthPx, heightPx, data } = canvas;
  const random = seededRandom(seed);
  const stride = cells + 2;
  const lattice = Float32Array.from({ length: stride * stride }, () => random() - 0.5);
  for (let y = Math.round(from * heightPx); y < Math.round(to * heightPx); y++) {
    const v = (y / heightPx) * cells;
    const row = Math.floor(v);
    for (let x = 0; x < widthPx; x++) {
      const u = (x / widthPx) * cells;
      const column = Math.floor(u);
      const corner = row * stride + column;
      const top = lattice[corner]! + (lattice[corner + 1]! - lattice[corner]!) * (u - column);
      const below = lattice[corner + stride]!;
      const bottom = below + (lattice[corner + stride + 1]! - below) * (u - column);
      const i = y * widthPx + x;
      data[i] = Math.max(16, Math.min(235, data[i]! + amplitude * (top + (bottom - top) * (v - row)) + 0.5));
    }
  }
}

function tree(x: number, groundY: number, leaves: Yuv): Occluder {
  const trunk = yuv(0.3, 0.23, 0.17);
  const crown = [0, 1, 2, 3, 4, 5, 6].map((i) => ({
    polygon: ellipse(x + 0.034 * Math.cos(i * 2.4), 0.2 + 0.06 * Math.sin(i * 1.7), 0.042, 0.068, 11),
    colour: shade(leaves, 0.75 + 0.1 * (i % 5)),
  }));
  return {
    name: 'tree',
    groundY,
    parts: [{ polygon: rectangle(x - 0.008, 0.22, x + 0.008, groundY), colour: trunk }, ...crown],
  };
}

function lampPost(x: number, groundY: number): Occluder {
  const steel = yuv(0.28, 0.31, 0.31);
  return {
    name: 'lamp post',
    groundY,
    parts: [
      { polygon: rectangle(x - 0.0055, 0.06, x + 0.0055, groundY), colour: steel },
      { polygon: rectangle(x - 0.01, groundY - 0.1, x + 0.01, groundY), colour: shade(steel, 0.8) },
      { polygon: rectangle(x - 0.005, 0.05, x + 0.07, 0.064), colour: steel },
      { polygon: ellipse(x + 0.06, 0.068, 0.02, 0.012, 10), colour: yuv(0.85, 0.85, 0.75) },
    ],
  };
}

function advertisingColumn(x: number, groundY: number, paper: Yuv): Occluder {
  const half = 0.03;
  const posters = [0, 1, 2].map((i) => ({
    polygon: rectangle(x - half + 0.004, 0.57 + i * 0.078, x + half - 0.004, 0.638 + i * 0.078),
    colour: i === 1 ? yuv(0.8, 0.78, 0.7) : shade(paper, 0.8 + 0.2 * i),
  }));
  return {
    name: 'advertising column',
    groundY,
    parts: [
      { polygon: rectangle(x - half, 0.55, x + half, groundY), colour: yuv(0.42, 0.45, 0.44) },
      { polygon: ellipse(x, 0.55, half * 1.15, 0.022, 14), colour: yuv(0.25, 0.33, 0.3) },
      ...posters,
    ],
  };
}

function hedge(from: number, to: number, leaves: Yuv): Occluder {
  const parts = [{ polygon: rectangle(from, 0.925, to, 1.02), colour: leaves }];
  for (let i = 0; from + i * 0.012 < to; i++) {
    const lift = 0.012 * Math.sin(i * 2.1);
    parts.push({
      polygon: ellipse(from + i * 0.012, 0.935 + lift, 0.014, 0.024, 9),
      colour: shade(leaves, 0.8 + 0.12 * (i % 4)),
    });
  }
  for (let i = 0; from + i * 0.017 < to; i++) {
    parts.push({
      polygon: ellipse(from + i * 0.017, 0.975 + 0.012 * Math.sin(i * 1.3), 0.013, 0.02, 9),
      colour: shade(leaves, 0.72 + 0.13 * (i % 3)),
    });
  }
  return { name: 'hedge', groundY: 1.01, parts };
}
