/** Weights are fixed-point with 11 bits, as in OpenCV's INTER_LINEAR on bytes. */
export const TAP_ONE = 2048;

/** For every output sample, the two input samples around it and the weight of the second, 0..2048. */
export interface LinearTaps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Int32Array;
}

/** Linear interpolation with pixel centres at half-integers: output i lies at `(i + 0.5) * from / to - 0.5`. */
export function linearTaps(from: number, to: number): LinearTaps {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const weight = new Int32Array(to);
  for (let i = 0; i < to; i++) {
    const position = ((i + 0.5) * from) / to - 0.5;
    const floor = Math.floor(position);
    const inside = floor >= 0 && floor < from - 1;
    first[i] = Math.min(from - 1, Math.max(0, floor));
    second[i] = Math.min(from - 1, first[i]! + 1);
    weight[i] = inside ? Math.round((position - floor) * TAP_ONE) : 0;
  }
  return { first, second, weight };
}
