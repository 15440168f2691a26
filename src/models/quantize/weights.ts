/** Weights of 8 bits with one scale per channel; the zero point is 0. */
export interface QuantizedWeights {
  readonly values: Int8Array;
  /** One per output channel, never 0. */
  readonly scales: Float32Array;
}

const LARGEST = 127;
const SMALLEST_SCALE = 1e-9;

/**
 * Rounds weights to symmetric 8 bits, one scale per output channel.
 *
 * @param weights channels first, each as many numbers as the next
 */
export function quantizeWeights(weights: Float32Array, channels: number): QuantizedWeights {
  const size = weights.length / channels;
  const values = new Int8Array(weights.length);
  const scales = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const from = channel * size;
    let reach = 0;
    for (let i = from; i < from + size; i++) reach = Math.max(reach, Math.abs(weights[i]!));
    const scale = Math.max(Math.fround(reach / LARGEST), SMALLEST_SCALE);
    scales[channel] = scale;
    for (let i = from; i < from + size; i++) {
      values[i] = Math.max(-LARGEST, Math.min(LARGEST, roundHalfEven(weights[i]! / scale)));
    }
  }
  return { values, scales };
}

/**
 * What has to be added to a convolution's bias so that its mean output is that of the float weights (Nagel et al.,
 * "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019, section 4.2).
 *
 * @param inputMeans mean of each input channel over the calibration pictures
 * @param groups of the convolution: output channels see only the input channels of their group
 */
export function biasCorrection(
  weights: Float32Array,
  quantized: QuantizedWeights,
  inputMeans: Float32Array,
  groups: number,
): Float32Array {
  const channels = quantized.scales.length;
  const size = weights.length / channels;
  const inputsPerGroup = inputMeans.length / groups;
  const perInput = size / inputsPerGroup;
  const correction = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const firstInput = Math.floor((channel * groups) / channels) * inputsPerGroup;
    let error = 0;
    for (let i = 0; i < size; i++) {
      const at = channel * size + i;
      const rounded = quantized.values[at]! * quantized.scales[channel]!;
      error += (weights[at]! - rounded) * inputMeans[firstInput + Math.floor(i / perInput)]!;
    }
    correction[channel] = error;
  }
  return correction;
}

/** As ONNX's QuantizeLinear rounds: halves go to the even neighbour. */
export function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}
