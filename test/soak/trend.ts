/** A straight line through samples, by ordinary least squares, with the 95 % confidence interval of its slope. */
export interface Trend {
  readonly perHour: number;
  readonly lowPerHour: number;
  readonly highPerHour: number;
}

/** 97.5th percentile of the normal distribution: samples are many. */
const Z = 1.96;

/** @param hours when each value was sampled */
export function trendOf(hours: readonly number[], values: readonly number[]): Trend {
  const n = hours.length;
  if (n < 10) throw new Error(`${n} samples are too few for a trend`);
  const mean = (of: readonly number[]) => of.reduce((sum, value) => sum + value, 0) / n;
  const [meanHour, meanValue] = [mean(hours), mean(values)];
  const sxx = hours.reduce((sum, hour) => sum + (hour - meanHour) ** 2, 0);
  const sxy = hours.reduce((sum, hour, i) => sum + (hour - meanHour) * (values[i]! - meanValue), 0);
  const perHour = sxy / sxx;
  const residual = (i: number) => values[i]! - meanValue - perHour * (hours[i]! - meanHour);
  const errors = hours.map((_, i) => residual(i));
  const squares = errors.reduce((sum, error) => sum + error ** 2, 0);
  // Neighbours are alike, so that there is less to be learnt from n of them: the effective number of a first-order process.
  const lagged = errors.slice(1).reduce((sum, error, i) => sum + error * errors[i]!, 0);
  const alike = squares === 0 ? 0 : Math.min(0.95, Math.max(0, lagged / squares));
  const effective = Math.max(3, (n * (1 - alike)) / (1 + alike));
  const error = Math.sqrt(squares / (effective - 2 > 0 ? effective - 2 : 1) / (sxx * (effective / n)));
  return { perHour, lowPerHour: perHour - Z * error, highPerHour: perHour + Z * error };
}
