import { describe, expect, test } from 'vitest';
import {
  drawTimeCode,
  readTimeCode,
  TIME_CODE_CELLS,
  TIME_CODE_PERIOD_MS,
} from '../../../src/capture/sim/time-code.ts';
import { i420Bytes } from '../../../src/flow/frame.ts';

interface Picture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly data: Uint8Array;
}

function grey(widthPx: number, heightPx: number, luma = 90): Picture {
  return { widthPx, heightPx, data: new Uint8Array(i420Bytes(widthPx, heightPx)).fill(luma) };
}

/** In the middle of the code, a few pixels off the middle of the cell as scaling may be. */
function read({ widthPx, heightPx, data }: Picture): number | undefined {
  const y = Math.floor(heightPx / 24);
  return readTimeCode((cell) => data[y * widthPx + Math.floor(((cell + 0.6) * widthPx) / TIME_CODE_CELLS)]!);
}

describe('the time code', () => {
  test.each([0, 1, 0x55555, 0xaaaaa, TIME_CODE_PERIOD_MS - 1])('%d ms is read as it was drawn', (atMs) => {
    for (const [widthPx, heightPx] of [
      [320, 180],
      [641, 361],
      [1280, 720],
    ] as const) {
      const picture = grey(widthPx, heightPx);
      drawTimeCode(atMs, picture);
      expect(read(picture)).toBe(atMs);
    }
  });

  test('goes round, and leaves the rest of the picture alone', () => {
    const picture = grey(320, 180);
    drawTimeCode(1_764_046_800_123.7, picture);
    expect(read(picture)).toBe(1_764_046_800_123 % TIME_CODE_PERIOD_MS);
    expect([...picture.data.subarray(16 * 320, 180 * 320)].every((luma) => luma === 90)).toBe(true);
  });

  test.each([0, 90, 255])('a picture of nothing but %d has none', (luma) => {
    expect(read(grey(320, 180, luma))).toBeUndefined();
  });

  test('a cell that is read wrongly is noticed', () => {
    for (let wrong = 0; wrong < TIME_CODE_CELLS; wrong++) {
      const picture = grey(320, 180);
      drawTimeCode(123_456, picture);
      const [from, to] = [wrong, wrong + 1].map((cell) => Math.ceil((cell * 320) / TIME_CODE_CELLS));
      const y = Math.floor(180 / 24);
      const isWhite = picture.data[y * 320 + from!]! > 128;
      picture.data.fill(isWhite ? 16 : 235, y * 320 + from!, y * 320 + to!);
      expect(read(picture)).toBeUndefined();
    }
  });
});
