/** A box as [x1, y1, x2, y2] in pixels of the source picture; the corner of the top-left pixel is (0, 0). */
export type BoxPx = readonly [x1: number, y1: number, x2: number, y2: number];

/** A box as [x1, y1, x2, y2] in 0..1 of the source picture. */
export type BoxNorm = readonly [x1: number, y1: number, x2: number, y2: number];

/** A point in 0..1 of the source picture. */
export type PointNorm = readonly [x: number, y: number];

export interface SizePx {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A part of a picture in whole pixels. */
export interface PixelRect extends SizePx {
  readonly xPx: number;
  readonly yPx: number;
}

/** Intersection over union of two boxes, 0..1; 0 when either is empty. */
export function iou(a: BoxPx, b: BoxPx): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - intersection);
}

/** Pixels -> 0..1 of the source, clamped to the picture. */
export function toNorm(box: BoxPx, source: SizePx): BoxNorm {
  const x = (value: number) => Math.min(1, Math.max(0, value / source.widthPx));
  const y = (value: number) => Math.min(1, Math.max(0, value / source.heightPx));
  return [x(box[0]), y(box[1]), x(box[2]), y(box[3])];
}
