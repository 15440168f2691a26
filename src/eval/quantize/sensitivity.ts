import type { Tensor } from '../../infer/backend.ts';
import type { ValueStatistics } from './calibrate.ts';
import { type FloatModel, makeCandidate, type Recipe } from './candidate.ts';
import type { ModelRunner, Workshop } from './model-runner.ts';

/** Noise that the quantization of one convolution alone makes in the outputs. */
export interface LayerNoise {
  /** The convolution's output. */
  readonly product: string;
  /** Noise over signal, mean over the columns of the outputs; 0.01 is a signal-to-noise ratio of 20 dB. */
  readonly noise: number;
}

/** Columns of an output: boxes and the score of each class are judged apart, or pixels would outweigh scores. */
const MAX_COLUMNS = 512;

/**
 * Quantizes one convolution at a time and measures what that does to the outputs. Noises of layers add up nearly, so the
 * noisiest are those to leave in float.
 *
 * @param inputs a few input tensors
 * @returns the noisiest first
 */
export async function measureSensitivity(
  float: FloatModel,
  statistics: ReadonlyMap<string, ValueStatistics>,
  recipe: Omit<Recipe, 'inFloat'>,
  inputs: readonly Float32Array[],
  dims: readonly number[],
  workshop: Workshop,
  signal: AbortSignal,
): Promise<LayerNoise[]> {
  const reference = await workshop.using(float.model, (runner) => outputsOf(runner, inputs, dims));
  const found: LayerNoise[] = [];
  for (const product of float.products) {
    signal.throwIfAborted();
    const inFloat = new Set(float.products.filter((each) => each !== product));
    const candidate = makeCandidate(float, statistics, { ...recipe, inFloat });
    const outputs = await workshop.using(candidate, (runner) => outputsOf(runner, inputs, dims));
    found.push({ product, noise: relativeNoise(reference, outputs) });
  }
  return found.sort((a, b) => b.noise - a.noise);
}

async function outputsOf(
  runner: ModelRunner,
  inputs: readonly Float32Array[],
  dims: readonly number[],
): Promise<Tensor[]> {
  const all: Tensor[] = [];
  for (const input of inputs) {
    for (const { dims: shape, data } of await runner.run(input, dims))
      all.push({ dims: shape, data: data.slice() });
  }
  return all;
}

/** Mean over columns of noise power / signal power. */
export function relativeNoise(reference: readonly Tensor[], outputs: readonly Tensor[]): number {
  let sum = 0;
  let columns = 0;
  for (const [i, { dims, data }] of reference.entries()) {
    const other = outputs[i]?.data;
    if (!(data instanceof Float32Array) || !(other instanceof Float32Array)) continue;
    const [rows = 1, width = 1] = dims.slice(-2);
    // The columns of a head are its shorter side: [1, 84, 8400] as [1, 3549, 85].
    const areLast = width <= rows;
    const count = Math.min(MAX_COLUMNS, areLast ? width : rows);
    for (let column = 0; column < count; column++) {
      let [signal, noise] = [1e-12, 0];
      const length = areLast ? rows : width;
      for (let j = 0; j < length; j++) {
        const at = areLast ? j * width + column : column * width + j;
        signal += data[at]! ** 2;
        noise += (data[at]! - other[at]!) ** 2;
      }
      sum += noise / signal;
      columns += 1;
    }
  }
  return columns === 0 ? 0 : sum / columns;
}
