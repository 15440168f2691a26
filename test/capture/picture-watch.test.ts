import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { PICTURE_WATCH_DEFAULTS, PictureWatch } from '../../src/capture/picture-watch.ts';
import type { Frame } from '../../src/flow/frame.ts';

const SIZE = { widthPx: 416, heightPx: 234 };
const LUMA = SIZE.widthPx * SIZE.heightPx;

/** What the watch says of a picture per second that `paint` fills, after `seconds`. */
function verdict(seconds: number, paint: (luma: Uint8Array, second: number) => void): string | null {
  const watch = new PictureWatch(PICTURE_WATCH_DEFAULTS);
  let last: string | null = null;
  for (let second = 0; second <= seconds; second++) {
    const data = new Uint8Array(LUMA * 1.5);
    paint(data.subarray(0, LUMA), second);
    last = watch.look(frameOf(data, second * 1000));
  }
  return last;
}

function frameOf(data: Uint8Array, atMs: number): Frame {
  return {
    ...SIZE,
    cameraId: 'front',
    seq: 1,
    data,
    colour: { matrix: 'bt601', range: 'limited' },
    source: SIZE,
    times: { captureAtMs: atMs, captureMonoMs: atMs, decodedAtMs: atMs },
    release: () => {},
  };
}

describe('PictureWatch', () => {
  it.each<{
    reason: string;
    seconds: number;
    paint: (luma: Uint8Array, s: number) => void;
    is: string | null;
  }>([
    { reason: 'equal for a minute', seconds: 60, paint: (luma) => luma.fill(90), is: 'frozen' },
    { reason: 'equal for less', seconds: 59, paint: (luma) => luma.fill(90), is: null },
    {
      reason: 'an encoder repeats a still night picture between keyframes 20 s apart',
      seconds: 300,
      paint: (luma, s) => {
        const random = seededRandom(Math.floor(s / 20));
        for (let at = 0; at < luma.length; at++) luma[at] = 20 + 30 * random();
      },
      is: null,
    },
    { reason: 'no light at all', seconds: 30, paint: (luma, s) => luma.fill(16 + (s % 2)), is: 'black' },
    {
      reason: 'a night scene with one lamp',
      seconds: 50,
      paint: (luma) => luma.fill(16).fill(120, 10_000, 12_000),
      is: null,
    },
    {
      reason: 'sensor noise in the dark is no light',
      seconds: 40,
      paint: (luma, s) => luma.fill(16 + (s % 8)),
      is: 'black',
    },
  ])('$is: $reason', ({ seconds, paint, is }) => {
    expect(verdict(seconds, paint)).toBe(is);
  });
});
