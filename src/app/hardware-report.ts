import type { HostMetrics, Pressure } from '../device/host/host-metrics.ts';
import type { HardwareReport } from '../preview/api/hardware-schema.ts';

/** What a sample says, as the API tells it. @param metrics null: there is no sample yet, or the sensors hang */
export function hardwareReport(metrics: HostMetrics | null): HardwareReport {
  return {
    gpu: gpuReport(metrics),
    power: powerReport(metrics),
    temperatures: temperatureReport(metrics),
    pressure: pressureReport(metrics),
    throttling: {
      active: metrics?.throttling.active ?? null,
      reasons: [...(metrics?.throttling.reasons ?? [])],
      overCurrentEvents: { ...metrics?.throttling.overCurrentEvents },
    },
    memory: {
      availableBytes: metrics?.memory.availableBytes ?? null,
      limitBytes: metrics?.memory.limit?.bytes ?? null,
      limitUsedBytes: metrics?.memory.limit?.usedBytes ?? null,
    },
  };
}

/** The same in few words, for the retained topic `state`; what this device does not measure is left out. */
export function hardwareSummary(metrics: HostMetrics | null): Record<string, unknown> {
  if (metrics === null) return {};
  const { cpu, gpu, power, powerMode, thermal, throttling, pressure, memory } = metrics;
  const summary = {
    cpuPercent: cpu.busyPercent,
    memoryAvailableMiB: memory.availableBytes === null ? null : Math.round(memory.availableBytes / 2 ** 20),
    memoryPressurePercent: pressure.memory?.someAvg10Percent ?? null,
    gpuPercent: gpu?.loadPercent ?? null,
    powerW: watts(power.totalMw),
    powerMode: powerMode?.name ?? null,
    temperatureC: thermal.hottestC,
    headroomC: thermal.headroomC,
    throttled: throttling.active,
    ...(throttling.reasons.length > 0 && { throttledBy: throttling.reasons }),
  };
  return Object.fromEntries(Object.entries(summary).filter(([, value]) => value !== null));
}

function gpuReport(metrics: HostMetrics | null): HardwareReport['gpu'] {
  if (!metrics?.gpu) return null;
  return { ...metrics.gpu, emcLoadPercent: metrics.emc?.loadPercent ?? null };
}

function powerReport(metrics: HostMetrics | null): HardwareReport['power'] {
  if (metrics === null || (metrics.power.rails.length === 0 && metrics.powerMode === null)) return null;
  return {
    mode: metrics.powerMode?.name ?? null,
    fastestMode: metrics.powerMode?.fastest ?? null,
    totalW: watts(metrics.power.totalMw),
    rails: metrics.power.rails.map(({ name, powerMw }) => ({ name, powerW: watts(powerMw) })),
  };
}

function temperatureReport(metrics: HostMetrics | null): HardwareReport['temperatures'] {
  if (metrics === null || (metrics.thermal.zones.length === 0 && metrics.fan === null)) return null;
  return {
    headroomC: metrics.thermal.headroomC,
    fanPercent: metrics.fan?.dutyPercent ?? null,
    fanRpm: metrics.fan?.rpm ?? null,
    zones: metrics.thermal.zones.map(({ name, temperatureC }) => ({ name, temperatureC })),
  };
}

function pressureReport(metrics: HostMetrics | null): HardwareReport['pressure'] {
  const { cpu = null, memory = null, io = null } = metrics?.pressure ?? {};
  if (cpu === null && memory === null && io === null) return null;
  const some = (pressure: Pressure | null) => pressure?.someAvg10Percent ?? null;
  return {
    cpuPercent: some(cpu),
    memoryPercent: some(memory),
    memoryFullPercent: memory?.fullAvg10Percent ?? null,
    ioPercent: some(io),
  };
}

function watts(milliwatts: number | null): number | null {
  return milliwatts === null ? null : Math.round(milliwatts / 10) / 100;
}
