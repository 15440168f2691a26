import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { diskSpace } from '../device/disk-space.ts';
import type { HostMetrics } from '../device/host/host-metrics.ts';
import type { StuckPart } from '../device/progress-watch.ts';
import type { MqttPublisher } from '../mqtt/publisher.ts';
import type { DeviceReport, PartState } from '../preview/ports.ts';
import type { EventStore } from '../store/event-store.ts';
import type { GovernorService } from './governor-service.ts';
import { hardwareReport } from './hardware-report.ts';
import type { ModelSet } from './model-runtimes.ts';
import type { ReloadReport } from './reload-report.ts';
import { stuckLine } from './status-line.ts';

export interface DeviceParts {
  readonly models: () => Pick<ModelSet, 'detectors' | 'classifiers'>;
  readonly store: EventStore;
  readonly mqtt: () => MqttPublisher | undefined;
  readonly governor: Pick<GovernorService, 'status'>;
  /** What came of the last reload of the configuration. */
  readonly reload: () => ReloadReport | null;
  readonly storagePath: string;
  /** True when there is no room for another recording. */
  readonly diskFull: () => boolean;
  /** Parts that should get on and do not. */
  readonly stuck: () => readonly StuckPart[];
  /** The newest sample of the sensors. */
  readonly host: () => HostMetrics | null;
  readonly clock: Clock;
}

/** The device as the preview tells it. */
export class PreviewDevice {
  readonly #parts: DeviceParts;
  readonly #startedMonoMs: number;
  #cpu: { readonly monoMs: number; readonly usage: NodeJS.CpuUsage };
  #cpuPercent = 0;

  constructor(parts: DeviceParts) {
    this.#parts = parts;
    this.#startedMonoMs = parts.clock.monoMs();
    this.#cpu = { monoMs: this.#startedMonoMs, usage: process.cpuUsage() };
  }

  async report(): Promise<DeviceReport> {
    const { store, governor, storagePath, diskFull, host, clock } = this.#parts;
    const { detectors, classifiers } = this.#parts.models();
    const mqtt = this.#parts.mqtt();
    const { queued, oldestAtMs, dropped } = store.outbox.status;
    const oldestAgeMs = oldestAtMs === null ? null : Math.max(0, clock.wallMs() - oldestAtMs);
    const space = await diskSpace(storagePath).catch(() => undefined);
    const metrics = host();
    const firsts = [...detectors].map(([name, runtime]) => ({ name, task: 'detect', ...runtime.inUse() }));
    const seconds = [...classifiers].map(([name, runtime]) => ({
      name,
      task: 'classify',
      ...runtime.inUse(),
    }));
    return {
      uptimeMs: Math.round(clock.monoMs() - this.#startedMonoMs),
      models: [...firsts, ...seconds],
      store: { ...store.status, outbox: { queued, oldestAgeMs, dropped } },
      mqtt: { state: mqtt === undefined ? 'off' : mqtt.status.connected ? 'connected' : 'disconnected' },
      host: {
        loadPerCpu: loadavg()[0]! / availableParallelism(),
        busyPercent: metrics?.cpu.busyPercent ?? null,
        cpuPercent: this.#measureCpu(),
        memoryBytes: process.memoryUsage.rss(),
        freeMemoryBytes: freemem(),
        totalMemoryBytes: totalmem(),
        temperatureC: metrics?.thermal.hottestC ?? null,
      },
      ...hardwareReport(metrics),
      governor: governor.status,
      storage: { freeBytes: space?.freeBytes ?? null, diskFull: diskFull() },
      reload: this.#parts.reload(),
    };
  }

  partStates(): PartState[] {
    const { store, stuck } = this.#parts;
    const mqtt = this.#parts.mqtt();
    const detectors = [...this.#parts.models().detectors].map(([name, runtime]): PartState => {
      const { healthySessions, lastError } = runtime.inUse();
      const ready = healthySessions > 0;
      const detail = ready ? null : (lastError ?? 'it is not loaded yet');
      return { part: `model ${name}`, ready, dead: false, detail };
    });
    const { ok, error } = store.status;
    const states = [
      { part: 'store', ready: ok && store.history.isOpen, dead: store.history.isLost, detail: error },
      ...detectors,
      ...(stuck().length === 0
        ? []
        : [{ part: 'progress', ready: false, dead: true, detail: stuckLine(stuck()) }]),
    ];
    if (mqtt === undefined) return states;
    const { connected } = mqtt.status;
    const detail = connected ? null : 'there is no connection to the broker: events wait on disk';
    return [...states, { part: 'mqtt', ready: connected, dead: false, detail }];
  }

  /** Of this process since somebody last asked, at least a second ago. */
  #measureCpu(): number {
    const monoMs = this.#parts.clock.monoMs();
    const spanMs = monoMs - this.#cpu.monoMs;
    if (spanMs < 1_000) return this.#cpuPercent;
    const { user, system } = process.cpuUsage(this.#cpu.usage);
    this.#cpuPercent = Math.round(((user + system) / 10 / spanMs) * 10) / 10;
    this.#cpu = { monoMs, usage: process.cpuUsage() };
    return this.#cpuPercent;
  }
}
