import { i420Bytes } from '../flow/frame.ts';
import type { BoxPx } from '../flow/geometry.ts';
import type { Yuv420Picture } from './preprocess-yuv420.ts';

/** Around the box, on each side, as a share of its own size: classifiers are trained on pictures with some surroundings. */
const MARGIN = 0.1;

/**
 * Copies what lies in a box, and a margin around it, out of a frame, so that the frame may be released. Edges are rounded
 * outwards to even pixels, where a chroma sample begins; what lies beyond the picture is left out.
 *
 * @param boxPx in pixels of the source picture
 * @param spare a buffer to reuse if it is large enough
 * @returns undefined when nothing of the box lies in the picture
 */
export function copyCrop(frame: Yuv420Picture, boxPx: BoxPx, spare?: Uint8Array): Yuv420Picture | undefined {
  const [left, right] = span(boxPx[0], boxPx[2], frame.source.widthPx, frame.widthPx);
  const [top, bottom] = span(boxPx[1], boxPx[3], frame.source.heightPx, frame.heightPx);
  const [widthPx, heightPx] = [right - left, bottom - top];
  if (widthPx <= 0 || heightPx <= 0) return undefined;
  const bytes = i420Bytes(widthPx, heightPx);
  const whole =
    spare !== undefined && spare.buffer.byteLength >= bytes ? spare.buffer : new ArrayBuffer(bytes);
  const data = new Uint8Array(whole, 0, bytes);
  let out = 0;
  const copyPlane = (start: number, stride: number, x: number, y: number, width: number, height: number) => {
    for (let row = y; row < y + height; row++, out += width) {
      const from = start + row * stride + x;
      data.set(frame.data.subarray(from, from + width), out);
    }
  };
  const half = (value: number) => (value + 1) >> 1;
  const [chromaStride, chromaRows] = [half(frame.widthPx), half(frame.heightPx)];
  const lumaBytes = frame.widthPx * frame.heightPx;
  copyPlane(0, frame.widthPx, left, top, widthPx, heightPx);
  for (const plane of [0, 1]) {
    const start = lumaBytes + plane * chromaStride * chromaRows;
    copyPlane(start, chromaStride, left >> 1, top >> 1, half(widthPx), half(heightPx));
  }
  return { data, widthPx, heightPx, colour: frame.colour, source: { widthPx, heightPx } };
}

/** From and to, in pixels of the frame. */
function span(from: number, to: number, source: number, frame: number): [number, number] {
  const margin = (to - from) * MARGIN;
  const start = Math.floor(((from - margin) * frame) / source);
  const end = Math.ceil(((to + margin) * frame) / source);
  return [Math.max(0, start - (start & 1)), Math.min(frame, end + (end & 1))];
}
