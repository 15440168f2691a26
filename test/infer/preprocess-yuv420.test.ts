import { describe, expect, it, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import type { Colour } from '../../src/flow/frame.ts';
import { i420Bytes } from '../../src/flow/frame.ts';
import type { SizePx } from '../../src/flow/geometry.ts';
import type { InputArray } from '../../src/infer/backend.ts';
import { convertYuv420 } from '../../src/infer/convert-yuv420.ts';
import { Yuv420Kernel } from '../../src/infer/kernels/yuv420-kernel.ts';
import type { Letterbox } from '../../src/infer/letterbox.ts';
import { type Yuv420Picture, Yuv420Preprocessor } from '../../src/infer/preprocess-yuv420.ts';
import { tensorLayout } from '../../src/infer/tensor-layout.ts';
import { yuvTables } from '../../src/infer/yuv-tables.ts';
import type { ModelInput } from '../../src/models/image-input.ts';

const UNTOUCHED = -1000;
const limited601: Colour = { matrix: 'bt601', range: 'limited' };
const plain: ModelInput = {
  widthPx: 32,
  heightPx: 32,
  type: 'float32',
  layout: 'nchw',
  colourOrder: 'rgb',
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  placement: 'top-left',
  padValue: 114,
};
const imagenet = { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

interface Case extends SizePx {
  readonly input: ModelInput;
  readonly colour: Colour;
  readonly left: number;
  readonly top: number;
}

/** A picture in an input with `left` and `top` around it on both sides. */
function aCase(
  size: string,
  change: Partial<Omit<Case, 'input'>> & { input?: Partial<ModelInput> } = {},
): Case {
  const [widthPx, heightPx] = size.split('x').map(Number) as [number, number];
  const { left = 0, top = 0, colour = limited601 } = change;
  const input = { ...plain, widthPx: widthPx + 2 * left, heightPx: heightPx + 2 * top, ...change.input };
  return { widthPx, heightPx, input, colour, left, top };
}

const CASES: readonly (readonly [why: string, Case])[] = [
  ['one pixel, the smallest', aCase('1x1')],
  ['one chroma sample', aCase('2x2')],
  ['odd, smaller than a group of eight', aCase('7x5')],
  ['exactly one group', aCase('8x2')],
  ['one group and one pixel', aCase('9x3')],
  ['odd, several groups', aCase('31x17')],
  ['16:9 for an input of 416', aCase('416x234')],
  ['a full input of 640', aCase('640x640')],
  ['an odd margin all around', aCase('21x13', { left: 5, top: 3 })],
  ['a row that ends inside a group, next to its margin', aCase('12x6', { left: 2 })],
  ['a margin above and below', aCase('32x9', { top: 7 })],
  ['whole groups, next to a margin', aCase('16x6', { left: 3 })],
  ['BT.601, full range', aCase('30x10', { colour: { matrix: 'bt601', range: 'full' } })],
  ['BT.709, limited range', aCase('30x10', { colour: { matrix: 'bt709', range: 'limited' } })],
  ['BT.709, full range', aCase('30x10', { colour: { matrix: 'bt709', range: 'full' } })],
  ['blue first', aCase('30x10', { input: { colourOrder: 'bgr' } })],
  ['normalised as ImageNet', aCase('30x10', { input: imagenet })],
  ['normalised as ImageNet, blue first', aCase('30x10', { input: { ...imagenet, colourOrder: 'bgr' } })],
  ['dark is high: the clamp must not turn round', aCase('30x10', { input: { scale: -1 / 255 } })],
];

/** Random samples, in a buffer like those of the frame pool: shared, and larger than the picture. */
function noise({ widthPx, heightPx, colour }: Case, seed = 3): Yuv420Picture {
  const bytes = i420Bytes(widthPx, heightPx);
  const data = new Uint8Array(new SharedArrayBuffer(bytes + 100), 0, bytes);
  const random = seededRandom(seed);
  for (let i = 0; i < bytes; i++) data[i] = Math.floor(256 * random());
  return { data, widthPx, heightPx, colour, source: { widthPx, heightPx } };
}

function boxOf({ input, widthPx, heightPx, left, top }: Case): Letterbox {
  const size = { widthPx, heightPx };
  return { input, source: size, fitted: size, left, top };
}

/** Inverse of R'G'B' -> Y'CbCr as printed in ITU-R BT.601-7 (2.5) and BT.709-6 (3), to six digits. */
const PRINTED = {
  bt601: { redV: 1.402, greenU: -0.344136, greenV: -0.714136, blueU: 1.772 },
  bt709: { redV: 1.5748, greenU: -0.187324, greenV: -0.468124, blueU: 1.8556 },
} as const;

/** The tensor by the formula, pixel by pixel. */
function reference({ input, colour, left, top }: Case, frame: Yuv420Picture): Float64Array {
  const { widthPx, heightPx, data } = frame;
  const { redV, greenU, greenV, blueU } = PRINTED[colour.matrix];
  const full = colour.range === 'full';
  const chromaWidth = Math.ceil(widthPx / 2);
  const uAt = widthPx * heightPx;
  const vAt = uAt + chromaWidth * Math.ceil(heightPx / 2);
  const plane = input.widthPx * input.heightPx;
  const tensor = new Float64Array(3 * plane).fill(UNTOUCHED);
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const chroma = Math.floor(y / 2) * chromaWidth + Math.floor(x / 2);
      const luma = full ? data[y * widthPx + x]! : ((data[y * widthPx + x]! - 16) * 255) / 219;
      const gain = full ? 1 : 255 / 224;
      const u = (data[uAt + chroma]! - 128) * gain;
      const v = (data[vAt + chroma]! - 128) * gain;
      const rgb = [luma + redV * v, luma + greenU * u + greenV * v, luma + blueU * u];
      if (input.colourOrder === 'bgr') rgb.reverse();
      rgb.forEach((value, c) => {
        const level = Math.min(255, Math.max(0, value)) * input.scale;
        tensor[c * plane + (top + y) * input.widthPx + left + x] = (level - input.mean[c]!) / input.std[c]!;
      });
    }
  }
  return tensor;
}

/** Largest difference, in grey levels of 0..255. */
function worstLevels(input: ModelInput, got: InputArray, expected: Float64Array): number {
  const plane = input.widthPx * input.heightPx;
  let worst = 0;
  got.forEach((value, i) => {
    const levels = Math.abs(((value - expected[i]!) * input.std[Math.floor(i / plane)]!) / input.scale);
    // A NaN must not pass for a small difference.
    if (!(levels <= worst)) worst = levels;
  });
  return worst;
}

function kernelFor(input: ModelInput): Yuv420Kernel {
  const kernel = Yuv420Kernel.create(input);
  if (kernel === undefined)
    throw new Error('this machine has no SIMD for WebAssembly: the kernel is untested');
  return kernel;
}

describe('the kernel agrees with the formula, and leaves the margins alone', () => {
  test.each(CASES)('%s', (_, scene) => {
    const frame = noise(scene);
    const tensor = new Float32Array(tensorLayout(scene.input).length).fill(UNTOUCHED);
    kernelFor(scene.input).convert(frame, tensor, boxOf(scene));
    expect(worstLevels(scene.input, tensor, reference(scene, frame))).toBeLessThan(1e-3);
  });
});

describe('into its own tensor, it agrees too, and leaves the margins alone', () => {
  test.each(CASES)('%s', (_, scene) => {
    const frame = noise(scene);
    const kernel = kernelFor(scene.input);
    kernel.tensor.fill(UNTOUCHED);
    kernel.convert(frame, kernel.tensor, boxOf(scene));
    expect(worstLevels(scene.input, kernel.tensor, reference(scene, frame))).toBeLessThan(1e-3);
  });
});

describe('the way without SIMD agrees with the formula but for its rounding of three terms to quarters', () => {
  test.each(CASES)('%s', (_, scene) => {
    const frame = noise(scene);
    const layout = tensorLayout(scene.input);
    const tensor = new Float32Array(layout.length).fill(UNTOUCHED);
    convertYuv420(frame, tensor, layout, boxOf(scene), yuvTables(scene.colour, scene.input));
    expect(worstLevels(scene.input, tensor, reference(scene, frame))).toBeLessThan(0.376);
  });
});

it('keeps up with a camera that changes its size and its colours', () => {
  const input = { ...plain, widthPx: 640, heightPx: 640 };
  const kernel = kernelFor(input);
  const full709: Colour = { matrix: 'bt709', range: 'full' };
  // Small, then larger than the memory so far, then small again with the same size in other colours.
  for (const [size, colour] of [
    ['10x6', limited601],
    ['640x640', limited601],
    ['10x6', limited601],
    ['10x6', full709],
    ['10x6', limited601],
  ] as const) {
    const scene = { ...aCase(size, { colour }), input };
    const frame = noise(scene, size.length);
    const tensor = new Float32Array(tensorLayout(input).length).fill(UNTOUCHED);
    kernel.convert(frame, tensor, boxOf(scene));
    expect(worstLevels(input, tensor, reference(scene, frame)), `${size} ${colour.matrix}`).toBeLessThan(
      1e-3,
    );
  }
});

it('two models do not disturb each other', () => {
  const [one, two] = [aCase('30x10'), aCase('18x40', { input: { ...imagenet, colourOrder: 'bgr' } })];
  const preprocessors = [one, two].map((scene) => new Yuv420Preprocessor(scene.input));
  for (let round = 0; round < 2; round++) {
    [one, two].forEach((scene, i) => {
      const frame = noise(scene, 10 * round + i);
      const tensor = new Float32Array(tensorLayout(scene.input).length);
      preprocessors[i]!.write(frame, tensor);
      expect(worstLevels(scene.input, tensor, reference(scene, frame))).toBeLessThan(1e-3);
    });
  }
});

it('pads a letterboxed picture whose row ends inside a group', () => {
  const scene = { ...aCase('13x32', { input: { widthPx: 32, placement: 'centre' } }), left: 9 };
  const frame = noise(scene);
  const tensor = new Float32Array(3 * 32 * 32).fill(UNTOUCHED);
  new Yuv420Preprocessor(scene.input).write(frame, tensor);
  const expected = reference(scene, frame).map((value) => (value === UNTOUCHED ? 114 : value));
  expect(worstLevels(scene.input, tensor, expected)).toBeLessThan(1e-3);
});

describe('an input of bytes gets the formula rounded to whole levels, and its margins stay', () => {
  const bytes = { type: 'uint8' } as const;
  const PAINTED = 7;

  test.each([
    ['one pixel', aCase('1x1', { input: bytes })],
    ['odd, several groups', aCase('31x17', { input: bytes })],
    ['a margin all around', aCase('21x13', { left: 5, top: 3, input: bytes })],
    ['whole groups, next to a margin', aCase('16x6', { left: 3, input: bytes })],
    ['blue first', aCase('32x10', { input: { ...bytes, colourOrder: 'bgr' } })],
    ['a full input of 640', aCase('640x640', { input: bytes })],
  ] as const)('%s', (_, scene) => {
    const frame = noise(scene);
    const layout = tensorLayout(scene.input);
    const expected = reference(scene, frame).map((value) => (value === UNTOUCHED ? PAINTED : value));
    const kernel = kernelFor(scene.input);
    const elsewhere = new Uint8Array(layout.length);
    const plainly = new Uint8Array(layout.length);
    for (const tensor of [kernel.tensor, elsewhere, plainly]) tensor.fill(PAINTED);
    kernel.convert(frame, kernel.tensor, boxOf(scene));
    kernel.convert(frame, elsewhere, boxOf(scene));
    convertYuv420(frame, plainly, layout, boxOf(scene), yuvTables(scene.colour, scene.input));
    expect(kernel.tensor).toBeInstanceOf(Uint8Array);
    expect(worstLevels(scene.input, kernel.tensor, expected)).toBeLessThan(0.501);
    expect(Buffer.from(elsewhere).equals(Buffer.from(kernel.tensor))).toBe(true);
    // Rounding its terms to quarters may tip a level over to the next.
    expect(worstLevels(scene.input, plainly, expected)).toBeLessThan(0.501 + 0.376);
  });
});

it('has no kernel for interleaved channels', () => {
  expect(Yuv420Kernel.create({ ...plain, layout: 'nhwc' })).toBeUndefined();
});
