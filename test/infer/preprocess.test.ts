import { describe, expect, it, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import type { Colour } from '../../src/flow/frame.ts';
import { i420Bytes } from '../../src/flow/frame.ts';
import { writeRgb } from '../../src/infer/preprocess-rgb.ts';
import { Yuv420Preprocessor } from '../../src/infer/preprocess-yuv420.ts';
import type { ModelInput } from '../../src/models/image-input.ts';

const input: ModelInput = {
  widthPx: 32,
  heightPx: 32,
  type: 'float32',
  layout: 'nchw',
  colourOrder: 'rgb',
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  placement: 'centre',
  padValue: 114,
};
const bt601: Colour = { matrix: 'bt601', range: 'limited' };

function picture(widthPx: number, heightPx: number, colour: Colour, fill?: [number, number, number]) {
  const data = new Uint8Array(new SharedArrayBuffer(i420Bytes(widthPx, heightPx)));
  const random = seededRandom(7);
  const luma = widthPx * heightPx;
  const chroma = (data.length - luma) / 2;
  for (let i = 0; i < data.length; i++) data[i] = Math.floor(256 * random());
  if (fill !== undefined) {
    data.fill(fill[0], 0, luma);
    data.fill(fill[1], luma, luma + chroma);
    data.fill(fill[2], luma + chroma);
  }
  return { data, widthPx, heightPx, colour, source: { widthPx, heightPx } };
}

/** R, G and B of the tensor at a pixel. */
function pixel(tensor: Float32Array, x: number, y: number): number[] {
  return [0, 1, 2].map((c) => tensor[c * 32 * 32 + y * 32 + x]!);
}

function write(model: ModelInput, frame: ReturnType<typeof picture>): Float32Array {
  const tensor = new Float32Array(3 * 32 * 32).fill(-1);
  new Yuv420Preprocessor(model).write(frame, tensor);
  return tensor;
}

/** Interleaved channels and resampled pictures are made from tables that round each term to a quarter of a level. */
function expectNear(got: readonly number[], expected: readonly number[]): void {
  expect(got).toHaveLength(expected.length);
  got.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!), `${got}`).toBeLessThan(0.5);
  });
}

describe('colours', () => {
  // Expected values: the inverse matrices of ITU-R BT.601-7 and BT.709-6.
  test.each([
    ['limited black', bt601, [16, 128, 128], [0, 0, 0]],
    ['limited white', bt601, [235, 128, 128], [255, 255, 255]],
    ['full-range grey', { matrix: 'bt601', range: 'full' }, [100, 128, 128], [100, 100, 100]],
    ['red of BT.601', bt601, [81, 90, 240], [254, 0, 0]],
    ['red of BT.709', { matrix: 'bt709', range: 'limited' }, [63, 102, 240], [255, 1, 0]],
    ['blue of BT.601', bt601, [41, 240, 110], [0, 0, 255]],
    ['beyond the gamut is clamped', bt601, [255, 255, 255], [255, 125, 255]],
  ] as [string, Colour, [number, number, number], number[]][])('%s', (_, colour, yuv, rgb) => {
    const got = pixel(write(input, picture(32, 32, colour, yuv)), 5, 6);
    got.forEach((value, i) => {
      expect(Math.abs(value - rgb[i]!), `${got}`).toBeLessThan(1.6);
    });
  });
});

it('agrees with the formula at every pixel, odd sizes included', () => {
  const frame = picture(31, 17, { matrix: 'bt601', range: 'full' });
  const tensor = write(input, frame);
  const chroma = (plane: number, x: number, y: number) =>
    frame.data[31 * 17 + plane * 16 * 9 + (y >> 1) * 16 + (x >> 1)]! - 128;
  const clamp = (value: number) => Math.min(255, Math.max(0, value));
  for (let y = 0; y < 17; y++) {
    for (let x = 0; x < 31; x++) {
      const luma = frame.data[y * 31 + x]!;
      const [u, v] = [chroma(0, x, y), chroma(1, x, y)];
      const expected = [luma + 1.402 * v, luma - 0.344136 * u - 0.714136 * v, luma + 1.772 * u].map(clamp);
      // A picture of 31x17 fits as 32x18, which is near enough to be used as it is: margins 0 and 7.
      pixel(tensor, x, y + 7).forEach((value, c) => {
        expect(Math.abs(value - expected[c]!)).toBeLessThan(0.5);
      });
    }
  }
});

it('puts the pad value around the picture, and anew for another buffer or geometry', () => {
  const preprocessor = new Yuv420Preprocessor(input);
  const wide = picture(32, 16, bt601, [235, 128, 128]);
  const tall = picture(16, 32, bt601, [235, 128, 128]);
  const tensor = new Float32Array(3 * 32 * 32);
  preprocessor.write(wide, tensor);
  expect([pixel(tensor, 16, 7), pixel(tensor, 16, 8), pixel(tensor, 16, 24)]).toEqual([
    [114, 114, 114],
    [255, 255, 255],
    [114, 114, 114],
  ]);
  preprocessor.write(tall, tensor);
  expect([pixel(tensor, 16, 1), pixel(tensor, 7, 16)]).toEqual([
    [255, 255, 255],
    [114, 114, 114],
  ]);
  const other = new Float32Array(3 * 32 * 32);
  preprocessor.write(tall, other);
  expect(other).toEqual(tensor);
});

it('honours colour order, normalisation and layout', () => {
  const red = picture(32, 32, bt601, [81, 90, 240]);
  const plain = pixel(write(input, red), 3, 3);
  const bgr = pixel(write({ ...input, colourOrder: 'bgr' }, red), 3, 3);
  expect(bgr).toEqual([...plain].reverse());
  const normalised = pixel(
    write({ ...input, scale: 1 / 255, mean: [0.5, 0, 0], std: [0.25, 1, 2] }, red),
    3,
    3,
  );
  expect(normalised[0]).toBeCloseTo((plain[0]! / 255 - 0.5) / 0.25, 5);
  expect(normalised[2]).toBeCloseTo(plain[2]! / 255 / 2, 5);
  const interleaved = write({ ...input, layout: 'nhwc' }, red);
  expectNear([...interleaved.slice(3 * 99, 3 * 99 + 3)], plain);
});

it('resamples a frame of another size to nearly the same picture', () => {
  const flat = write(input, { ...picture(20, 10, bt601, [81, 90, 240]) });
  expectNear(pixel(flat, 16, 16), pixel(write(input, picture(32, 16, bt601, [81, 90, 240])), 16, 16));
  const ramp = picture(64, 64, { matrix: 'bt601', range: 'full' }, [0, 128, 128]);
  for (let i = 0; i < 64 * 64; i++) ramp.data[i] = 2 * (i % 64);
  // Halving a ramp of 2 a pixel: output x lies between inputs 2x and 2x + 1.
  const tensor = write(input, ramp);
  for (let x = 0; x < 32; x++) expect(pixel(tensor, x, 9)[0]).toBeCloseTo(4 * x + 1, 0);
});

describe('photos', () => {
  it('interpolates as OpenCV does', () => {
    // cv2.resize of the row [0, 100, 200, 50] to 8 columns, INTER_LINEAR on bytes, by its documented formula.
    const row = [0, 100, 200, 50];
    const data = Uint8Array.from(
      Array.from({ length: 4 }, () => row.flatMap((level) => [level, level, level])).flat(),
    );
    const tensor = new Float32Array(3 * 8 * 8);
    writeRgb({ data, widthPx: 4, heightPx: 4 }, { ...input, widthPx: 8, heightPx: 8 }, tensor);
    expect([...tensor.slice(0, 8)]).toEqual([0, 25, 75, 125, 175, 163, 88, 50]);
  });

  it('keeps a photo that has its size already', () => {
    const data = Uint8Array.from({ length: 3 * 32 * 32 }, (_, i) => i % 251);
    const tensor = new Float32Array(3 * 32 * 32);
    writeRgb({ data, widthPx: 32, heightPx: 32 }, input, tensor);
    expect(pixel(tensor, 11, 20)).toEqual([...data.slice(3 * (20 * 32 + 11), 3 * (20 * 32 + 11) + 3)]);
  });
});
