/** Boxes on the way to those that state a duration (ISO/IEC 14496-12, 8.2.2, 8.3.2, 8.4.2), with where that is. */
const CONTAINERS = new Set(['moov', 'trak', 'mdia']);
const HEADER_BYTES = 8;

/**
 * A copy of an init segment that states how long the clip is: players show it, and can seek, without reading the whole
 * file. Boxes of version 0 only, as ffmpeg writes them; others are left as they are.
 */
export function withDuration(init: Uint8Array, durationS: number): Uint8Array {
  const copy = new Uint8Array(init);
  const view = new DataView(copy.buffer);
  const movieScale = { units: 1000 };
  const walk = (from: number, to: number) => {
    for (let at = from; at + HEADER_BYTES <= to; ) {
      const bytes = view.getUint32(at);
      if (bytes < HEADER_BYTES || at + bytes > to) return;
      const type = String.fromCharCode(...copy.subarray(at + 4, at + 8));
      const body = at + HEADER_BYTES;
      const state = (fieldAt: number, units: number) =>
        view.setUint32(body + fieldAt, Math.min(0xffffffff, Math.round(durationS * units)));
      if (CONTAINERS.has(type)) walk(body, at + bytes);
      else if (view.getUint8(body) === 0) {
        if (type === 'mvhd') movieScale.units = view.getUint32(body + 12);
        if (type === 'mvhd') state(16, movieScale.units);
        if (type === 'tkhd') state(20, movieScale.units);
        if (type === 'mdhd') state(16, view.getUint32(body + 12));
      }
      at += bytes;
    }
  };
  walk(0, copy.length);
  return copy;
}
