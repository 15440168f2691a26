import type { PointNorm } from '../../../flow/geometry.ts';
import type { Line, LiveTrack, Zone } from '../server/contract.ts';
import { colourOf } from './palette.ts';

/** Part of the 2D context that painting needs; sizes are CSS pixels. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  | 'beginPath'
  | 'closePath'
  | 'moveTo'
  | 'lineTo'
  | 'stroke'
  | 'fill'
  | 'strokeRect'
  | 'fillRect'
  | 'fillText'
  | 'measureText'
  | 'setLineDash'
> & { strokeStyle: unknown; fillStyle: unknown; lineWidth: number; font: string; globalAlpha: number };

export interface PaintSize {
  readonly width: number;
  readonly height: number;
}

const ZONE_COLOUR = '#ffffff';
const OCCUPIED_COLOUR = '#ffd166';
const LABEL_HEIGHT_PX = 17;
const FONT = '600 11px system-ui, sans-serif';

/** Zones with somebody in them stand out. */
export function paintZones(
  pen: Pen,
  size: PaintSize,
  zones: readonly Zone[],
  tracks: readonly LiveTrack[],
): void {
  const occupied = new Set(tracks.flatMap((track) => track.zones));
  for (const { zoneId, polygon } of zones) {
    const colour = occupied.has(zoneId) ? OCCUPIED_COLOUR : ZONE_COLOUR;
    path(pen, size, polygon);
    pen.closePath();
    pen.fillStyle = colour;
    pen.globalAlpha = occupied.has(zoneId) ? 0.14 : 0.06;
    pen.fill();
    pen.globalAlpha = 0.85;
    stroke(pen, colour, 1.5);
    const [x, y] = polygon.reduce((top, point) => (point[1] < top[1] ? point : top));
    caption(pen, size, zoneId, x * size.width, y * size.height, colour);
  }
  pen.globalAlpha = 1;
}

/** A line with a tick on the side that `forward` goes to: the right of who looks from `from` to `to`. */
export function paintLines(pen: Pen, size: PaintSize, lines: readonly Line[]): void {
  for (const { lineId, from, to } of lines) {
    path(pen, size, [from, to]);
    stroke(pen, ZONE_COLOUR, 2);
    const [dx, dy] = [(to[0] - from[0]) * size.width, (to[1] - from[1]) * size.height];
    const length = Math.hypot(dx, dy) || 1;
    const [x, y] = [((from[0] + to[0]) / 2) * size.width, ((from[1] + to[1]) / 2) * size.height];
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x - (dy / length) * 12, y + (dx / length) * 12);
    stroke(pen, ZONE_COLOUR, 2);
    caption(pen, size, lineId, from[0] * size.width, from[1] * size.height, ZONE_COLOUR);
  }
}

export function paintTrail(pen: Pen, size: PaintSize, points: readonly PointNorm[], label: string): void {
  if (points.length < 2) return;
  path(pen, size, points);
  pen.globalAlpha = 0.7;
  stroke(pen, colourOf(label), 2);
  pen.globalAlpha = 1;
}

/** @param detail with score and number, for which small pictures have no room */
export function paintTrack(pen: Pen, size: PaintSize, track: LiveTrack, detail: boolean): void {
  const [x1, y1, x2, y2] = track.boxNorm;
  const [x, y] = [x1 * size.width, y1 * size.height];
  const colour = colourOf(track.label);
  pen.setLineDash(track.stationary ? [5, 3] : []);
  // Dark under light, so that it is seen on snow and at night.
  for (const [line, width] of [
    ['rgb(0 0 0 / 55%)', 4],
    [colour, 2],
  ] as const) {
    pen.strokeStyle = line;
    pen.lineWidth = width;
    pen.strokeRect(x, y, (x2 - x1) * size.width, (y2 - y1) * size.height);
  }
  pen.setLineDash([]);
  const text = detail
    ? `${track.label} ${Math.round(track.score * 100)} #${track.objectId.slice(-4)}`
    : track.label;
  tag(pen, size, text, x, y, colour);
}

function tag(pen: Pen, size: PaintSize, text: string, x: number, y: number, colour: string): void {
  pen.font = FONT;
  const width = pen.measureText(text).width + 10;
  const left = Math.max(0, Math.min(x - 1, size.width - width));
  const top = y >= LABEL_HEIGHT_PX ? y - LABEL_HEIGHT_PX : y;
  pen.fillStyle = colour;
  pen.fillRect(left, top, width, LABEL_HEIGHT_PX);
  pen.fillStyle = '#10151a';
  pen.fillText(text, left + 5, top + 12.5);
}

function caption(pen: Pen, size: PaintSize, text: string, x: number, y: number, colour: string): void {
  pen.font = FONT;
  const width = pen.measureText(text).width + 8;
  const left = Math.max(0, Math.min(x + 4, size.width - width));
  const top = Math.max(0, Math.min(y + 4, size.height - 16));
  pen.globalAlpha = 0.6;
  pen.fillStyle = '#10151a';
  pen.fillRect(left, top, width, 16);
  pen.globalAlpha = 1;
  pen.fillStyle = colour;
  pen.fillText(text, left + 4, top + 12);
}

function path(pen: Pen, size: PaintSize, points: readonly PointNorm[]): void {
  pen.beginPath();
  for (const [i, [x, y]] of points.entries()) {
    if (i === 0) pen.moveTo(x * size.width, y * size.height);
    else pen.lineTo(x * size.width, y * size.height);
  }
}

function stroke(pen: Pen, colour: string, width: number): void {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}
