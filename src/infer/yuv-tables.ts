import type { Colour } from '../flow/frame.ts';
import type { ModelInput } from '../models/image-input.ts';
import { channelIndex, normalise } from './tensor-layout.ts';
import { yuvMatrix } from './yuv-matrix.ts';

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

export function yuvTables(colour: Colour, input: ModelInput): YuvTables {
  const { lumaZero, lumaGain, redV, greenU, greenV, blueU } = yuvMatrix(colour);
  const chroma = (gain: number) => table((level) => gain * (level - 128));
  return {
    luma: table((level) => lumaGain * (level - lumaZero) + SUM_BIAS / FRACTION),
    redV: chroma(redV),
    greenU: chroma(greenU),
    greenV: chroma(greenV),
    blueU: chroma(blueU),
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
