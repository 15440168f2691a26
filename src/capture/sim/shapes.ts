import type { Polygon } from './raster.ts';

/** A colour as limited-range BT.601 Y, U, V. */
export type Yuv = readonly [y: number, u: number, v: number];

/** One filled outline of a figure, in pixels of the source picture. */
export interface Shape {
  readonly polygon: Polygon;
  readonly colour: Yuv;
}

/** R, G, B in 0..1 -> limited-range Y, U, V (ITU-R BT.601). */
export function yuv(r: number, g: number, b: number): Yuv {
  return [
    16 + 65.481 * r + 128.553 * g + 24.966 * b,
    128 - 37.797 * r - 74.203 * g + 112 * b,
    128 + 112 * r - 93.786 * g - 18.214 * b,
  ];
}

/** Hue in turns, saturation and value in 0..1 -> Y, U, V. */
export function hsv(hue: number, saturation: number, value: number): Yuv {
  const channel = (n: number) => {
    const k = (n + hue * 6) % 6;
    return value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1));
  };
  return yuv(channel(5), channel(3), channel(1));
}

/** The same colour, lighter (factor > 1) or darker. */
export function shade([y, u, v]: Yuv, factor: number): Yuv {
  return [16 + Math.min(219, (y - 16) * factor), u, v];
}

export function rectangle(x1: number, y1: number, x2: number, y2: number): Polygon {
  return [x1, y1, x2, y1, x2, y2, x1, y2];
}

export function ellipse(x: number, y: number, rx: number, ry: number, corners = 14): Polygon {
  const polygon: number[] = [];
  for (let i = 0; i < corners; i++) {
    const angle = (2 * Math.PI * i) / corners;
    polygon.push(x + rx * Math.cos(angle), y + ry * Math.sin(angle));
  }
  return polygon;
}

/** A ring: the outer outline, then the inner one, joined by a seam that the even-odd rule leaves unseen. */
export function ring(x: number, y: number, outer: number, inner: number, corners = 18): Polygon {
  const polygon: number[] = [];
  for (const radius of [outer, inner]) {
    for (let i = 0; i <= corners; i++) {
      const angle = (2 * Math.PI * i) / corners;
      polygon.push(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
  }
  return polygon;
}

/** A limb: a bar from (x1, y1) to (x2, y2) with half widths r1 and r2 and rounded ends. */
export function limb(x1: number, y1: number, x2: number, y2: number, r1: number, r2: number): Polygon {
  const along = Math.atan2(y2 - y1, x2 - x1);
  const polygon: number[] = [];
  const arc = (x: number, y: number, r: number, from: number) => {
    for (let i = 0; i <= 4; i++) {
      const angle = from + (Math.PI * i) / 4;
      polygon.push(x + r * Math.cos(angle), y + r * Math.sin(angle));
    }
  };
  arc(x2, y2, r2, along - Math.PI / 2);
  arc(x1, y1, r1, along + Math.PI / 2);
  return polygon;
}
