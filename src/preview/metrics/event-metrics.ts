import type { Metric } from 'prom-client';
import { Counters } from '../../base/counters.ts';
import { Histogram, LATENCY_BOUNDS_MS } from '../../base/histogram.ts';
import type { DomainEvent } from '../../flow/domain-event.ts';
import type { PreviewParts } from '../ports.ts';
import { ReadHistogram, readCounter } from './read-metrics.ts';

/** Counts events as they are stored and handed to the broker's publisher. */
export class EventMetrics {
  readonly #counts = new Counters<string>();
  readonly #latencies = new Map<string, Histogram>();
  readonly #leave: () => void;

  constructor({ events, clock }: Pick<PreviewParts, 'events' | 'clock'>) {
    this.#leave = events.subscribe((event) => this.#hear(event, clock.wallMs()));
  }

  metrics(): readonly (Metric | ReadHistogram<string>)[] {
    return [
      readCounter(
        {
          name: 'ocellus_events_total',
          help: 'Events that were stored and handed on, by type',
          labelNames: ['camera', 'type'],
          registers: [],
        },
        () =>
          Object.entries(this.#counts.snapshot()).map(([key, value = 0]) => {
            const [camera = '', type = ''] = key.split(' ');
            return { labels: { camera, type }, value };
          }),
      ),
      new ReadHistogram(
        {
          name: 'ocellus_capture_to_publish_seconds',
          help: 'From the capture of the frame that an event is about to the event being on disk and handed to MQTT',
        },
        () =>
          [...this.#latencies].map(([camera, histogram]) => ({
            labels: { camera },
            counts: histogram.counts(),
          })),
      ),
    ];
  }

  close(): void {
    this.#leave();
  }

  #hear({ cameraId, type, timings }: DomainEvent, nowMs: number): void {
    // Neither identifiers of cameras nor types hold a space.
    this.#counts.add(`${cameraId} ${type}`);
    // Ends of lost objects are about a frame of long ago.
    if (type === 'camera.state' || type === 'object.ended' || type === 'zone.left') return;
    let histogram = this.#latencies.get(cameraId);
    if (histogram === undefined) {
      histogram = new Histogram(LATENCY_BOUNDS_MS);
      this.#latencies.set(cameraId, histogram);
    }
    histogram.add(Math.max(0, nowMs - timings.captureAtMs));
  }
}
