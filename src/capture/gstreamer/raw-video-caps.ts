import type { Colour } from '../../flow/frame.ts';
import type { SizePx } from '../../flow/geometry.ts';

/** Raw video as GStreamer's caps describe it. */
export interface RawVideoCaps {
  readonly format: string;
  readonly size: SizePx;
  readonly colour: Colour;
}

/** One plane of a picture in memory. */
export interface Plane {
  readonly rowBytes: number;
  readonly strideBytes: number;
  /** Rows that hold picture, and rows in memory. */
  readonly rows: number;
  readonly memoryRows: number;
}

/**
 * Reads `video/x-raw, width=(int)416, height=(int)234, format=(string)I420, colorimetry=(string)bt709`.
 * @returns undefined when it is not raw video with a size
 */
export function parseRawVideoCaps(text: string): RawVideoCaps | undefined {
  if (!text.startsWith('video/x-raw')) return undefined;
  const width = /\bwidth=\(int\)(\d+)/.exec(text)?.[1];
  const height = /\bheight=\(int\)(\d+)/.exec(text)?.[1];
  if (width === undefined || height === undefined) return undefined;
  const size = { widthPx: Number(width), heightPx: Number(height) };
  const format = /\bformat=\(string\)"?([A-Za-z0-9_]+)/.exec(text)?.[1] ?? 'unknown';
  const colorimetry = /\bcolorimetry=\(string\)"?([^,";\s]+)/.exec(text)?.[1] ?? '';
  return { format, size, colour: colourOf(colorimetry, size) };
}

/**
 * Planes of I420 as GStreamer lays it out (gst-plugins-base, video-info.c): strides are multiples of 4, and luma rows
 * in memory are even in number.
 */
export function i420Planes({ widthPx, heightPx }: SizePx): readonly Plane[] {
  const chromaWidth = (widthPx + 1) >> 1;
  const chromaHeight = (heightPx + 1) >> 1;
  const chroma: Plane = {
    rowBytes: chromaWidth,
    strideBytes: roundUp4(chromaWidth),
    rows: chromaHeight,
    memoryRows: chromaHeight,
  };
  const luma: Plane = {
    rowBytes: widthPx,
    strideBytes: roundUp4(widthPx),
    rows: heightPx,
    memoryRows: 2 * chromaHeight,
  };
  return [luma, chroma, chroma];
}

/** Bytes of such a picture in memory. */
export function planesBytes(planes: readonly Plane[]): number {
  return planes.reduce((sum, plane) => sum + plane.strideBytes * plane.memoryRows, 0);
}

/** `bt709`, `bt601`, or `range:matrix:transfer:primaries` with range 1 full, 2 limited and matrix 3 BT.709. */
function colourOf(colorimetry: string, size: SizePx): Colour {
  const numbers = /^(\d+):(\d+):/.exec(colorimetry);
  const range = numbers?.[1] === '1' || colorimetry === 'sRGB' ? 'full' : 'limited';
  const known709 = /^bt(709|2020|2100)/.test(colorimetry) || ['3', '6'].includes(numbers?.[2] ?? '');
  const unknown = colorimetry === '' || numbers?.[2] === '0';
  return { matrix: known709 || (unknown && size.heightPx >= 720) ? 'bt709' : 'bt601', range };
}

function roundUp4(value: number): number {
  return (value + 3) & ~3;
}
