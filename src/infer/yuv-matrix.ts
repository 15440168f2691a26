import type { Colour } from '../flow/frame.ts';

/**
 * Y'CbCr -> R'G'B' of 0..255, to be clamped, by ITU-R BT.601-7 or BT.709-6:
 * R = lumaGain (Y - lumaZero) + redV (V - 128), and so on; red does not depend on U, nor blue on V.
 */
export interface YuvMatrix {
  readonly lumaZero: number;
  readonly lumaGain: number;
  readonly redV: number;
  readonly greenU: number;
  readonly greenV: number;
  readonly blueU: number;
}

/** Luma weights of red and blue. */
const WEIGHTS = { bt601: { red: 0.299, blue: 0.114 }, bt709: { red: 0.2126, blue: 0.0722 } } as const;

export function yuvMatrix(colour: Colour): YuvMatrix {
  const { red: kr, blue: kb } = WEIGHTS[colour.matrix];
  const kg = 1 - kr - kb;
  const limited = colour.range === 'limited';
  const chromaGain = limited ? 255 / 224 : 1;
  return {
    lumaZero: limited ? 16 : 0,
    lumaGain: limited ? 255 / 219 : 1,
    redV: 2 * (1 - kr) * chromaGain,
    greenU: ((-2 * kb * (1 - kb)) / kg) * chromaGain,
    greenV: ((-2 * kr * (1 - kr)) / kg) * chromaGain,
    blueU: 2 * (1 - kb) * chromaGain,
  };
}

export function sameColour(a: Colour | undefined, b: Colour): boolean {
  return a?.matrix === b.matrix && a.range === b.range;
}
