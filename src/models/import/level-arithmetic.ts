import type { ModelInput } from '../image-input.ts';

/** Every level that a byte can have. */
export const LEVELS: readonly number[] = Array.from({ length: 256 }, (_, level) => level);

/** One operator with a constant for all channels, or one for each. */
interface Step {
  readonly opType: 'Sub' | 'Mul' | 'Div' | 'Add';
  readonly values: readonly number[];
}

/** Operators that normalise a level as the program does. */
export interface Arithmetic {
  readonly steps: readonly Step[];
  /** Largest difference from `levelValues`. */
  readonly worst: number;
}

const APPLY: Readonly<Record<Step['opType'], (a: number, b: number) => number>> = {
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Add: (a, b) => a + b,
};

/** What the program feeds for the levels 0..255 of a channel: `(level * scale - mean) / std` in single precision. */
export function levelValues({ scale, mean, std }: ModelInput, channel: 0 | 1 | 2): Float32Array {
  return Float32Array.from(LEVELS, (level) => (level * scale - mean[channel]) / std[channel]);
}

/**
 * The fewest operators in single precision that come nearest to `levelValues`: dividing by 255 gives other last bits than
 * multiplying by 1/255, so each form is tried on all levels.
 */
export function chooseArithmetic(input: ModelInput): Arithmetic {
  const { scale, mean, std } = input;
  const perChannel = (value: (channel: 0 | 1 | 2) => number) => ([0, 1, 2] as const).map(value);
  const factor = perChannel((c) => scale / std[c]);
  const divisor = perChannel((c) => std[c] / scale);
  const centre = perChannel((c) => mean[c] / scale);
  const isCentred = mean.some((value) => value !== 0);
  const forms: readonly (readonly Step[])[] = isCentred
    ? [
        [step('Sub', centre), step('Div', divisor)],
        [step('Sub', centre), step('Mul', factor)],
        [
          step('Mul', factor),
          step(
            'Add',
            perChannel((c) => -mean[c] / std[c]),
          ),
        ],
      ]
    : [[], [step('Div', divisor)], [step('Mul', factor)]];
  const tried = forms.map((steps): Arithmetic => ({ steps, worst: worstOf(steps, input) }));
  return tried.reduce((best, each) => (each.worst < best.worst ? each : best));
}

function step(opType: Step['opType'], values: readonly number[]): Step {
  return { opType, values: new Set(values).size === 1 ? [values[0]!] : values };
}

function worstOf(steps: readonly Step[], input: ModelInput): number {
  let worst = 0;
  for (const channel of [0, 1, 2] as const) {
    const expected = levelValues(input, channel);
    for (const level of LEVELS) {
      let value = level;
      for (const { opType, values } of steps) {
        const constant = Math.fround(values[values.length === 1 ? 0 : channel]!);
        value = Math.fround(APPLY[opType](value, constant));
      }
      const difference = Math.abs(value - expected[level]!);
      // A NaN must not pass for no difference.
      if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    }
  }
  return worst;
}
