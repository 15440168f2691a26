import { Counter, type CounterConfiguration, Gauge, type GaugeConfiguration } from 'prom-client';
import type { HistogramCounts } from '../../base/histogram.ts';

// Metrics that are read from what the program keeps anyway, at the moment of a scrape: frames pay nothing for them.

export interface Reading<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly value: number;
}

/** A gauge whose values are read when asked for. */
export function readGauge<Label extends string>(
  options: Omit<GaugeConfiguration<Label>, 'collect'>,
  read: () => Iterable<Reading<Label>> | Promise<Iterable<Reading<Label>>>,
): Gauge<Label> {
  const labelled = (options.labelNames ?? []).length > 0;
  return new Gauge<Label>({
    ...options,
    async collect() {
      this.reset();
      // A metric without labels would start again at zero, which is not the same as not known.
      if (!labelled) this.remove();
      for (const { labels, value } of await read()) this.set(labels, value);
    },
  });
}

/** As `readGauge`, for what only grows. */
export function readCounter<Label extends string>(
  options: Omit<CounterConfiguration<Label>, 'collect'>,
  read: () => Iterable<Reading<Label>> | Promise<Iterable<Reading<Label>>>,
): Counter<Label> {
  const labelled = (options.labelNames ?? []).length > 0;
  return new Counter<Label>({
    ...options,
    async collect() {
      this.reset();
      // A metric without labels would start again at zero, which is not the same as not known.
      if (!labelled) this.remove();
      for (const { labels, value } of await read()) this.inc(labels, value);
    },
  });
}

export interface HistogramReading<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  /** In ms. */
  readonly counts: HistogramCounts;
}

/** A histogram of seconds whose counts are read when asked for. To the registry it is a metric like any other. */
export class ReadHistogram<Label extends string> {
  readonly name: string;
  readonly #help: string;
  readonly #read: () => Iterable<HistogramReading<Label>>;

  constructor(
    options: { readonly name: string; readonly help: string },
    read: () => Iterable<HistogramReading<Label>>,
  ) {
    this.name = options.name;
    this.#help = options.help;
    this.#read = read;
  }

  async get() {
    const values = [...this.#read()].flatMap(({ labels, counts: { bounds, cumulative, sum } }) => {
      const total = cumulative.at(-1) ?? 0;
      const bucket = (le: number | '+Inf', value: number) => ({
        labels: { ...labels, le },
        value,
        metricName: `${this.name}_bucket`,
      });
      return [
        ...bounds.map((bound, i) => bucket(bound / 1000, cumulative[i]!)),
        bucket('+Inf', total),
        { labels, value: sum / 1000, metricName: `${this.name}_sum` },
        { labels, value: total, metricName: `${this.name}_count` },
      ];
    });
    return { name: this.name, help: this.#help, type: 'histogram', values, aggregator: 'sum' };
  }

  /** There is nothing to forget: it keeps nothing. */
  reset(): void {}
}
