import { type Metric, Registry } from 'prom-client';
import type { PreviewParts } from '../ports.ts';
import { cameraMetrics } from './camera-metrics.ts';
import { deviceMetrics } from './device-metrics.ts';
import { EventMetrics } from './event-metrics.ts';
import type { ReadHistogram } from './read-metrics.ts';

/** What the server itself is doing. */
export interface ServerCounts {
  /** Open streams of server-sent events. */
  readonly streams: number;
}

/** Every metric of the daemon. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #events: EventMetrics;

  constructor(parts: PreviewParts, server: () => ServerCounts) {
    this.#events = new EventMetrics(parts);
    const all: readonly (Metric | ReadHistogram<string>)[] = [
      ...cameraMetrics(parts.cameras),
      ...this.#events.metrics(),
      ...deviceMetrics(parts, server),
    ];
    for (const metric of all) this.#registry.registerMetric(metric as Metric);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  close(): void {
    this.#events.close();
  }
}
