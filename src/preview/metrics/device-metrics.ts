import { readdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { Metric } from 'prom-client';
import { version } from '../../base/version.ts';
import type { DeviceReport, PreviewParts } from '../ports.ts';
import { engineMetrics } from './engine-metrics.ts';
import { hardwareMetrics } from './hardware-metrics.ts';
import type { ServerCounts } from './metrics.ts';
import { readCounter, readGauge } from './read-metrics.ts';

/** Store, broker, models, process and host. */
export function deviceMetrics(
  { device, partStates, clock }: PreviewParts,
  server: () => ServerCounts,
): readonly Metric[] {
  let report: Promise<DeviceReport> | undefined;
  /** One report for all metrics of a scrape. */
  const reported = () => {
    if (report === undefined) {
      report = device();
      clock.after(0, () => {
        report = undefined;
      });
    }
    return report;
  };
  const gauge = (name: string, help: string, read: (report: DeviceReport) => number | null) =>
    readGauge({ name, help, registers: [] }, async () => {
      const value = read(await reported());
      return value === null ? [] : [{ labels: {}, value }];
    });
  const counter = (name: string, help: string, read: (report: DeviceReport) => number) =>
    readCounter({ name, help, registers: [] }, async () => [{ labels: {}, value: read(await reported()) }]);
  return [
    readGauge(
      { name: 'ocellus_build_info', help: 'Always 1', labelNames: ['version'], registers: [] },
      () => [{ labels: { version }, value: 1 }],
    ),
    readGauge(
      {
        name: 'ocellus_part_ready',
        help: '1 when the part does its work',
        labelNames: ['part'],
        registers: [],
      },
      () => partStates().map(({ part, ready }) => ({ labels: { part }, value: ready ? 1 : 0 })),
    ),
    readGauge(
      {
        name: 'ocellus_model_info',
        help: 'Models as they really run',
        labelNames: ['model', 'provider', 'backend'],
        registers: [],
      },
      async () =>
        (await reported()).models.map(({ name, provider, backend }) => ({
          labels: { model: String(name), provider: String(provider ?? 'none'), backend: String(backend) },
          value: 1,
        })),
    ),
    readGauge(
      {
        name: 'ocellus_viewers',
        help: 'Who watches live now',
        labelNames: ['camera', 'transport'],
        registers: [],
      },
      () =>
        [...server().viewers.counts()].map(({ cameraId, transport, viewers }) => ({
          labels: { camera: cameraId, transport },
          value: viewers,
        })),
    ),
    readGauge({ name: 'ocellus_event_streams', help: 'Open streams of events', registers: [] }, () => [
      { labels: {}, value: server().streams },
    ]),
    gauge(
      'ocellus_outbox_events',
      'Events that the broker does not have yet',
      ({ store }) => store.outbox.queued,
    ),
    gauge(
      'ocellus_outbox_oldest_seconds',
      'Age of the oldest of them',
      ({ store }) => (store.outbox.oldestAgeMs ?? 0) / 1000,
    ),
    counter(
      'ocellus_outbox_dropped_total',
      'Events given up for the broker',
      ({ store }) => store.outbox.dropped,
    ),
    gauge(
      'ocellus_store_unsaved_events',
      'Events in memory that the disk did not take',
      ({ store }) => store.unsaved,
    ),
    counter('ocellus_store_lost_events_total', 'Events that the disk never got', ({ store }) => store.lost),
    gauge(
      'ocellus_storage_free_bytes',
      'Free space of the storage folder',
      ({ storage }) => storage.freeBytes,
    ),
    gauge('ocellus_host_temperature_celsius', 'Of the hottest sensor', ({ host }) => host.temperatureC),
    gauge(
      'ocellus_host_load_per_cpu',
      'Load of the machine over one minute, per processor',
      ({ host }) => host.loadPerCpu,
    ),
    gauge('ocellus_host_memory_free_bytes', 'Free memory of the machine', ({ host }) => host.freeMemoryBytes),
    gauge('ocellus_host_memory_bytes', 'Memory of the machine', ({ host }) => host.totalMemoryBytes),
    gauge(
      'ocellus_governor_level',
      'How far inference is held back: 0 not at all, 8 to about a sixth',
      ({ governor }) => governor.level,
    ),
    gauge(
      'ocellus_governor_granted_ratio',
      'Of the inference that is wanted, what is granted',
      ({ governor }) => governor.grantedPercent / 100,
    ),
    readGauge(
      {
        name: 'ocellus_governor_reason',
        help: '1 while inference is held back for it',
        labelNames: ['reason'],
        registers: [],
      },
      async () => (await reported()).governor.reasons.map((reason) => ({ labels: { reason }, value: 1 })),
    ),
    ...engineMetrics(reported),
    ...hardwareMetrics(reported),
    ...processMetrics(),
  ];
}

/** Under the names that every program has them. */
function processMetrics(): readonly Metric[] {
  const startedS = Math.round(performance.timeOrigin / 1000);
  const one = (read: () => number) => () => [{ labels: {}, value: read() }];
  return [
    readCounter(
      { name: 'process_cpu_seconds_total', help: 'Processor time, ffmpeg not included', registers: [] },
      one(() => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1e6;
      }),
    ),
    readGauge(
      { name: 'process_resident_memory_bytes', help: 'Memory, ffmpeg not included', registers: [] },
      one(() => process.memoryUsage.rss()),
    ),
    readGauge(
      { name: 'process_start_time_seconds', help: 'Since the epoch', registers: [] },
      one(() => startedS),
    ),
    readGauge({ name: 'process_open_fds', help: 'Open file descriptors', registers: [] }, async () => {
      const names = await readdir('/proc/self/fd').catch(() => undefined);
      return names === undefined ? [] : [{ labels: {}, value: names.length - 1 }];
    }),
    readGauge(
      { name: 'nodejs_heap_used_bytes', help: "Of JavaScript's heap", registers: [] },
      one(() => process.memoryUsage().heapUsed),
    ),
    readGauge(
      {
        name: 'nodejs_eventloop_utilization',
        help: 'Share of time that the main thread was busy',
        registers: [],
      },
      one(() => performance.eventLoopUtilization().utilization),
    ),
  ];
}
