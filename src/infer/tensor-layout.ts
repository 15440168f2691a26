import type { ModelInput } from '../models/image-input.ts';
import type { InputArray } from './backend.ts';
import type { Letterbox } from './letterbox.ts';

/** Where the three channels of a pixel lie in the input tensor: `offset[c] + (y * width + x) * step`. */
export interface TensorLayout {
  readonly length: number;
  /** Distance between two pixels of one channel, in elements. */
  readonly step: number;
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  /** Shape for the session. */
  readonly dims: readonly number[];
}

export function tensorLayout(input: ModelInput): TensorLayout {
  const { widthPx, heightPx, layout, colourOrder } = input;
  const pixels = widthPx * heightPx;
  const planar = layout.endsWith('chw');
  const channel = (index: number) => (planar ? index * pixels : index);
  const [red, blue] = colourOrder === 'rgb' ? [0, 2] : [2, 0];
  return {
    length: 3 * pixels,
    step: planar ? 1 : 3,
    red: channel(red),
    green: channel(1),
    blue: channel(blue),
    dims: axisSizes(input),
  };
}

/** Length of every axis, in the order of the layout. */
export function axisSizes({ layout, widthPx, heightPx }: ModelInput): number[] {
  const sizes: Readonly<Record<string, number>> = { n: 1, c: 3, h: heightPx, w: widthPx };
  return [...layout].map((axis) => sizes[axis]!);
}

/** Index of a colour's mean and std. */
export function channelIndex(input: ModelInput, colour: 'red' | 'green' | 'blue'): 0 | 1 | 2 {
  if (colour === 'green') return 1;
  return (colour === 'red') === (input.colourOrder === 'rgb') ? 0 : 2;
}

/** A level of 0..255 as the model wants it in channel `index`. */
export function normalise(input: ModelInput, index: 0 | 1 | 2, level: number): number {
  // Storing into bytes would cut the fraction off.
  if (input.type === 'uint8') return Math.round(level);
  return (level * input.scale - input.mean[index]) / input.std[index];
}

/** Fills what lies around the picture with the pad value. */
export function fillMargins(tensor: InputArray, input: ModelInput, box: Letterbox): void {
  const { step, red, green, blue } = tensorLayout(input);
  for (const [offset, colour] of [
    [red, 'red'],
    [green, 'green'],
    [blue, 'blue'],
  ] as const) {
    const value = normalise(input, channelIndex(input, colour), input.padValue);
    for (let y = 0; y < input.heightPx; y++) {
      const inside = y >= box.top && y < box.top + box.fitted.heightPx;
      const row = offset + y * input.widthPx * step;
      const gapStart = inside ? box.left : input.widthPx;
      const gapEnd = inside ? box.left + box.fitted.widthPx : input.widthPx;
      for (let x = 0; x < gapStart; x++) tensor[row + x * step] = value;
      for (let x = gapEnd; x < input.widthPx; x++) tensor[row + x * step] = value;
    }
  }
}

/** Remembers which buffer has the margins of which geometry, so that they are written once and not for every frame. */
export class MarginKeeper {
  #buffer: ArrayBufferLike | undefined;
  #box: Letterbox | undefined;

  ensure(tensor: InputArray, input: ModelInput, box: Letterbox): void {
    if (this.#buffer === tensor.buffer && this.#box === box) return;
    fillMargins(tensor, input, box);
    this.#buffer = tensor.buffer;
    this.#box = box;
  }

  forget(): void {
    this.#buffer = undefined;
  }
}
