import type { Colour } from '../../flow/frame.ts';
import type { ModelInput } from '../../models/image-input.ts';
import { channelIndex, normalise } from '../tensor-layout.ts';
import { yuvMatrix } from '../yuv-matrix.ts';

/** Number of the kernel's coefficients. */
export const COEFFICIENTS = 17;

/**
 * What yuv420.wat reads from its address 0, in its order: lumaZero; then for red, green and blue the gain of luma, the gains
 * of the chroma samples on which the channel depends, the offset, and the values of levels 0 and 255.
 */
export function yuv420Coefficients(colour: Colour, input: ModelInput): readonly number[] {
  const { lumaZero, lumaGain, redV, greenU, greenV, blueU } = yuvMatrix(colour);
  const channel = (name: 'red' | 'green' | 'blue', chromaGains: readonly number[]) => {
    const index = channelIndex(input, name);
    const black = normalise(input, index, 0);
    const white = normalise(input, index, 255);
    const scale = input.scale / input.std[index];
    const gains = [lumaGain, ...chromaGains].map((gain) => gain * scale);
    return [...gains, black, Math.min(black, white), Math.max(black, white)];
  };
  return [
    lumaZero,
    ...channel('red', [redV]),
    ...channel('green', [greenU, greenV]),
    ...channel('blue', [blueU]),
  ];
}
