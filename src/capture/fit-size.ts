import type { SizePx } from '../flow/geometry.ts';

/**
 * Size of a picture scaled into a box: aspect kept, never enlarged, both sides even (as 4:2:0 chroma wants) and at
 * least 2. `scaleExpression` states the same for ffmpeg; a test holds the two together.
 */
export function fitSize(source: SizePx, box: SizePx): SizePx {
  const { widthPx, heightPx } = evenBox(box);
  const scale = Math.min(1, Math.min(widthPx / source.widthPx, heightPx / source.heightPx));
  // The quarter makes 415.99999 come out as 416 without ever rounding an odd size up.
  const even = (sidePx: number) => Math.max(2, 2 * Math.floor((sidePx * scale) / 2 + 0.25));
  return { widthPx: even(source.widthPx), heightPx: even(source.heightPx) };
}

/** `w` and `h` of ffmpeg's scale filter, evaluated by it for whatever size the camera sends. */
export function scaleExpression(box: SizePx): { width: string; height: string } {
  const { widthPx, heightPx } = evenBox(box);
  const scale = `min(1,min(${widthPx}/iw,${heightPx}/ih))`;
  const even = (side: string) => `max(2,2*floor(${side}*${scale}/2+0.25))`;
  return { width: even('iw'), height: even('ih') };
}

function evenBox(box: SizePx): SizePx {
  return { widthPx: box.widthPx & ~1, heightPx: box.heightPx & ~1 };
}
