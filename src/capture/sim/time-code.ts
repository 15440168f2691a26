import type { SizePx } from '../../flow/geometry.ts';

/** Bits of the time, ms, the lowest first: it begins anew after 17 minutes. */
const TIME_BITS = 20;
const NIBBLE_BITS = 4;
/** The time's bits, and then those of the sum of its nibbles, so that a blurred reading is known as one. */
export const TIME_CODE_CELLS = TIME_BITS + NIBBLE_BITS;
export const TIME_CODE_PERIOD_MS = 2 ** TIME_BITS;
/** Share of the picture's height that the code takes, from its upper edge down. */
export const TIME_CODE_HEIGHT = 1 / 12;
const BLACK = 16;
const WHITE = 235;
const NEUTRAL = 128;

/**
 * Draws a time across the upper edge of an I420 picture of limited range: a row of squares, white for one.
 * @param atMs modulo `TIME_CODE_PERIOD_MS`
 */
export function drawTimeCode(atMs: number, picture: SizePx & { readonly data: Uint8Array }): void {
  const { widthPx, heightPx, data } = picture;
  const time = Math.floor(atMs) % TIME_CODE_PERIOD_MS;
  const code = time + sumOfNibbles(time) * TIME_CODE_PERIOD_MS;
  const isOne = (cell: number) => Math.floor(code / 2 ** cell) % 2 === 1;
  const row = new Uint8Array(widthPx);
  for (let x = 0; x < widthPx; x++) {
    row[x] = isOne(Math.floor((x * TIME_CODE_CELLS) / widthPx)) ? WHITE : BLACK;
  }
  const rows = Math.ceil(heightPx * TIME_CODE_HEIGHT);
  for (let y = 0; y < rows; y++) data.set(row, y * widthPx);
  const [chromaWidth, chromaHeight] = [(widthPx + 1) >> 1, (heightPx + 1) >> 1];
  const chromaRows = (rows + 1) >> 1;
  for (let plane = 0; plane < 2; plane++) {
    const from = widthPx * heightPx + plane * chromaWidth * chromaHeight;
    data.fill(NEUTRAL, from, from + chromaRows * chromaWidth);
  }
}

/**
 * Reads a time code.
 * @param lumaOf luma of the middle of a cell, 0..255
 * @returns ms modulo `TIME_CODE_PERIOD_MS`; undefined where there is none, or it cannot be read for sure
 */
export function readTimeCode(lumaOf: (cell: number) => number): number | undefined {
  let code = 0;
  for (let cell = 0; cell < TIME_CODE_CELLS; cell++) if (lumaOf(cell) > NEUTRAL) code += 2 ** cell;
  const time = code % TIME_CODE_PERIOD_MS;
  return Math.floor(code / TIME_CODE_PERIOD_MS) === sumOfNibbles(time) ? time : undefined;
}

/** Of all zeros it is 1, so that a black picture is no time. */
function sumOfNibbles(time: number): number {
  let sum = 1;
  for (let rest = time; rest > 0; rest = Math.floor(rest / 2 ** NIBBLE_BITS)) sum += rest % 2 ** NIBBLE_BITS;
  return sum % 2 ** NIBBLE_BITS;
}
