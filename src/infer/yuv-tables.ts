import type { Colour } from '../flow/frame.ts';
import type { ModelInput } from '../models/detection-model.ts';
import { channelIndex, normalise } from './tensor-layout.ts';

/** Sums of luma and chroma terms carry two fractional bits: a quarter of a grey level. */
const FRACTION = 4;
/** Lowest sum is that of black luma and extreme chroma, about -277 levels; the tables start a bit below. */
export const SUM_BIAS = 300 * FRACTION;
const SUM_LEVELS = 860 * FRACTION;

/**
 * Y'CbCr -> normalised tensor value by additions and look-ups: `red[luma[Y] + redV[V]]` and so on. The biased sum indexes a
 * table that clamps to 0..255, scales and normalises, so the loop over pixels has no multiplication and no branch.
 */
export interface YuvTables {
  readonly luma: Int32Array;
  readonly redV: Int32Array;
  readonly greenU: Int32Array;
  readonly greenV: Int32Array;
  readonly blueU: Int32Array;
  readonly red: Float32Array;
  readonly green: Float32Array;
  readonly blue: Float32Array;
}

/** Luma weights of red and blue: ITU-R BT.601-7 and BT.709-6. */
const WEIGHTS = { bt601: { red: 0.299, blue: 0.114 }, bt709: { red: 0.2126, blue: 0.0722 } } as const;

export function yuvTables(colour: Colour, input: ModelInput): YuvTables {
  const { red: kr, blue: kb } = WEIGHTS[colour.matrix];
  const kg = 1 - kr - kb;
  const limited = colour.range === 'limited';
  const lumaGain = limited ? 255 / 219 : 1;
  const lumaZero = limited ? 16 : 0;
  const chromaGain = limited ? 255 / 224 : 1;
  const chroma = (weight: number) => table((level) => weight * chromaGain * (level - 128));
  return {
    luma: table((level) => lumaGain * (level - lumaZero) + SUM_BIAS / FRACTION),
    redV: chroma(2 * (1 - kr)),
    greenU: chroma((-2 * kb * (1 - kb)) / kg),
    greenV: chroma((-2 * kr * (1 - kr)) / kg),
    blueU: chroma(2 * (1 - kb)),
    ...outputTables(input),
  };
}

function table(levelOf: (sample: number) => number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, sample) => Math.round(levelOf(sample) * FRACTION));
}

function outputTables(input: ModelInput): Pick<YuvTables, 'red' | 'green' | 'blue'> {
  // Channels with the same normalisation share a table, which keeps it in the first-level cache.
  const made = new Map<string, Float32Array>();
  const tableOf = (colour: 'red' | 'green' | 'blue') => {
    const index = channelIndex(input, colour);
    const key = `${input.mean[index]}/${input.std[index]}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const values = Float32Array.from({ length: SUM_LEVELS }, (_, sum) => {
      const level = (sum - SUM_BIAS) / FRACTION;
      return normalise(input, index, Math.min(255, Math.max(0, level)));
    });
    made.set(key, values);
    return values;
  };
  return { red: tableOf('red'), green: tableOf('green'), blue: tableOf('blue') };
}
