import type { Clock, Timer } from '../../base/clock.ts';
import type { Service } from '../../base/service.ts';
import type { HostMetrics } from './host-metrics.ts';
import { HostReader } from './host-reader.ts';

/** A thermal zone of a board changes by less than a degree in this time. */
const INTERVAL_MS = 2_000;

export interface HostMonitorParts {
  readonly clock: Clock;
  /** Where `/proc` and `/sys` are looked for; the root of the file system unless a test knows better. */
  readonly root?: string | undefined;
  readonly intervalMs?: number | undefined;
}

/** Samples the machine now and then while it runs, and keeps the newest sample for whoever asks. */
export class HostMonitor implements Service {
  readonly name = 'host monitor';
  readonly #clock: Clock;
  readonly #reader: HostReader;
  readonly #intervalMs: number;
  readonly #listeners = new Set<(metrics: HostMetrics) => void>();
  #latest: HostMetrics | null = null;
  #timer: Timer | undefined;
  #closed = false;

  constructor({ clock, root, intervalMs = INTERVAL_MS }: HostMonitorParts) {
    this.#clock = clock;
    this.#reader = new HostReader(clock, root);
    this.#intervalMs = intervalMs;
  }

  /** The newest sample; null before the first. Its `monoMs` says how old it is. */
  get latest(): HostMetrics | null {
    return this.#latest;
  }

  /** Hears every sample. Returns what ends it. */
  onSample(listener: (metrics: HostMetrics) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Does not wait for the first sample: a sensor that hangs must not keep the daemon from starting. */
  async start(): Promise<void> {
    this.#run();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
  }

  /** The next sample is due an interval after the last has come, however long that took. */
  #run(): void {
    void this.#reader.sample().then((metrics) => {
      if (this.#closed) return;
      this.#latest = metrics;
      for (const listener of this.#listeners) listener(metrics);
      this.#timer = this.#clock.after(this.#intervalMs, () => this.#run());
    });
  }
}
