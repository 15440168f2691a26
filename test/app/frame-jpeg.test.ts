import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodeView, type Picture, toRgb } from '../../src/app/frame-jpeg.ts';
import { i420Bytes } from '../../src/flow/frame.ts';

/** A picture of one colour. */
function plain(
  y: number,
  u: number,
  v: number,
  colour: Picture['colour'],
  widthPx = 4,
  heightPx = 2,
): Picture {
  const data = new Uint8Array(i420Bytes(widthPx, heightPx)).fill(y, 0, widthPx * heightPx);
  const chroma = ((widthPx + 1) >> 1) * ((heightPx + 1) >> 1);
  data.fill(u, widthPx * heightPx, widthPx * heightPx + chroma).fill(v, widthPx * heightPx + chroma);
  return { data, widthPx, heightPx, colour };
}

describe('toRgb', () => {
  // The 8-bit codes of the standards' own colour bars.
  it.each([
    { y: 16, u: 128, v: 128, matrix: 'bt601', range: 'limited', rgb: [0, 0, 0], reason: 'black' },
    { y: 235, u: 128, v: 128, matrix: 'bt709', range: 'limited', rgb: [255, 255, 255], reason: 'white' },
    { y: 81, u: 90, v: 240, matrix: 'bt601', range: 'limited', rgb: [255, 0, 0], reason: 'red of BT.601' },
    { y: 63, u: 102, v: 240, matrix: 'bt709', range: 'limited', rgb: [255, 0, 0], reason: 'red of BT.709' },
    { y: 41, u: 240, v: 110, matrix: 'bt601', range: 'limited', rgb: [0, 0, 255], reason: 'blue of BT.601' },
    {
      y: 77,
      u: 128,
      v: 128,
      matrix: 'bt601',
      range: 'full',
      rgb: [77, 77, 77],
      reason: 'full range is kept',
    },
  ] as const)('$reason', ({ y, u, v, matrix, range, rgb }) => {
    const first = [...toRgb(plain(y, u, v, { matrix, range })).subarray(0, 3)];
    for (const [channel, value] of rgb.entries())
      expect(Math.abs(first[channel]! - value)).toBeLessThanOrEqual(2);
  });
});

it('encodes a picture of odd size as a JPEG of that size and colour', async () => {
  const red = plain(81, 90, 240, { matrix: 'bt601', range: 'limited' }, 7, 5);
  const { picture: jpeg, crop } = await encodeView(red, 85, { xPx: 2, yPx: 1, widthPx: 4, heightPx: 3 });
  expect(await sharp(crop).metadata()).toMatchObject({ format: 'jpeg', width: 4, height: 3 });
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.format]).toEqual([7, 5, 'raw']);
  expect(data[0]).toBeGreaterThan(240);
  expect(data[1]).toBeLessThan(15);
});
