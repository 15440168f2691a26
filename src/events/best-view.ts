import type { BoxPx, PixelRect, SizePx } from '../flow/geometry.ts';

/** What makes one view of an object better than another. */
export interface View {
  /** Of the detection, 0..1. */
  readonly score: number;
  readonly boxPx: BoxPx;
  readonly source: SizePx;
  /** Variance of the Laplacian of the box's luma, levels squared: see `sharpness`. */
  readonly sharpness: number;
}

/** A box nearer to the border than this share of the picture is taken for cut off, and what is missing may be the face. */
const BORDER_SHARE = 0.005;
const CUT_OFF = 0.4;
/** Luma variance at which half of the sharpness is there: a walker in motion blur has about so much. */
const HALF_SHARP = 60;

/** How good a view is, 0..1: a sure detection, large, sharp and not cut by the border. Only good for comparing. */
export function viewQuality({ score, boxPx, source, sharpness }: View): number {
  const [x1, y1, x2, y2] = boxPx;
  const { widthPx, heightPx } = source;
  const size = Math.sqrt(Math.max(0, (x2 - x1) * (y2 - y1)) / (widthPx * heightPx));
  const [dx, dy] = [BORDER_SHARE * widthPx, BORDER_SHARE * heightPx];
  const isCut = x1 < dx || y1 < dy || x2 > widthPx - dx || y2 > heightPx - dy;
  return score * Math.min(1, size) * (sharpness / (sharpness + HALF_SHARP)) * (isCut ? CUT_OFF : 1);
}

/** Of the longer side of a box, on each side of it. */
const CROP_MARGIN = 0.15;

/**
 * An object and some of what is around it, within the picture, on even pixels: chroma has half the resolution.
 * @param boxPx may reach beyond the picture
 */
export function cropAround(boxPx: BoxPx, { widthPx, heightPx }: SizePx): PixelRect {
  const [x1, y1, x2, y2] = boxPx;
  const margin = CROP_MARGIN * Math.max(x2 - x1, y2 - y1);
  const [xPx, width] = evenSpan(x1 - margin, x2 + margin, widthPx);
  const [yPx, height] = evenSpan(y1 - margin, y2 + margin, heightPx);
  return { xPx, yPx, widthPx: width, heightPx: height };
}

/** @returns start and length of a span grown to even pixels, within 0..`length`, of 2 pixels at least where there are so many */
function evenSpan(from: number, to: number, length: number): [start: number, length: number] {
  const last = Math.max(0, length - 2);
  const start = Math.min(last - (last % 2), Math.max(0, 2 * Math.floor(from / 2)));
  const end = Math.min(length, Math.max(start + 2, 2 * Math.ceil(to / 2)));
  return [start, end - start];
}

/**
 * Variance of the Laplacian of a part of a luma plane, the usual measure of focus (Pech-Pacheco et al., ICPR 2000).
 * @param luma `widthPx * heightPx` bytes, row by row
 * @param box in pixels of the plane
 * @returns levels squared; 0 for a box without an inside
 */
export function sharpness(luma: Uint8Array, { widthPx, heightPx }: SizePx, box: BoxPx): number {
  const left = Math.max(1, Math.floor(box[0]));
  const top = Math.max(1, Math.floor(box[1]));
  const right = Math.min(widthPx - 1, Math.ceil(box[2]));
  const bottom = Math.min(heightPx - 1, Math.ceil(box[3]));
  let sum = 0;
  let squares = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left, at = y * widthPx + left; x < right; x++, at++) {
      const edge = 4 * luma[at]! - luma[at - 1]! - luma[at + 1]! - luma[at - widthPx]! - luma[at + widthPx]!;
      sum += edge;
      squares += edge * edge;
    }
  }
  const pixels = (right - left) * (bottom - top);
  return right <= left || bottom <= top ? 0 : squares / pixels - (sum / pixels) ** 2;
}
