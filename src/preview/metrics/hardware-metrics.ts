import type { Metric } from 'prom-client';
import type { DeviceReport } from '../ports.ts';
import { type Reading, readCounter, readGauge } from './read-metrics.ts';

/** Sensors of the device. What this device does not measure has no sample. */
export function hardwareMetrics(reported: () => Promise<DeviceReport>): readonly Metric[] {
  const one = (name: string, help: string, read: (report: DeviceReport) => number | null | undefined) =>
    readGauge({ name, help, registers: [] }, async () => {
      const value = read(await reported());
      return value === null || value === undefined ? [] : [{ labels: {}, value }];
    });
  const many = <Label extends string>(
    [name, help]: readonly [string, string],
    label: Label,
    read: (report: DeviceReport) => Readonly<Record<string, number | null>>,
  ) =>
    readGauge({ name, help, labelNames: [label], registers: [] }, async () =>
      labelled(label, read(await reported())),
    );
  const ratio = (percent: number | null | undefined) =>
    typeof percent === 'number' ? Math.round(percent * 1000) / 1e5 : percent;
  return [
    one(
      'ocellus_host_memory_available_bytes',
      'What programs can still get without swapping',
      ({ memory }) => memory.availableBytes,
    ),
    one('ocellus_host_memory_limit_bytes', 'Limit of the control group', ({ memory }) => memory.limitBytes),
    one(
      'ocellus_host_memory_limit_used_bytes',
      'What of that is used',
      ({ memory }) => memory.limitUsedBytes,
    ),
    many(
      ['ocellus_host_pressure_ratio', 'Share of the last 10 s in which work waited for the resource'],
      'resource',
      ({ pressure }) => ({
        cpu: ratio(pressure?.cpuPercent) ?? null,
        memory: ratio(pressure?.memoryPercent) ?? null,
        io: ratio(pressure?.ioPercent) ?? null,
      }),
    ),
    one('ocellus_host_gpu_load_ratio', 'Load of the GPU', ({ gpu }) => ratio(gpu?.loadPercent)),
    one('ocellus_host_gpu_frequency_hertz', 'Clock of the GPU', ({ gpu }) =>
      typeof gpu?.frequencyMhz === 'number' ? gpu.frequencyMhz * 1e6 : null,
    ),
    one('ocellus_host_emc_load_ratio', 'Load of the memory controller', ({ gpu }) =>
      ratio(gpu?.emcLoadPercent),
    ),
    one('ocellus_host_power_watts', 'Of the rail that feeds the whole module', ({ power }) => power?.totalW),
    many(['ocellus_host_rail_power_watts', 'Of each rail that is measured'], 'rail', ({ power }) =>
      Object.fromEntries((power?.rails ?? []).map(({ name, powerW }) => [name, powerW])),
    ),
    many(['ocellus_host_zone_temperature_celsius', 'Of each thermal zone'], 'zone', ({ temperatures }) =>
      Object.fromEntries((temperatures?.zones ?? []).map(({ name, temperatureC }) => [name, temperatureC])),
    ),
    one(
      'ocellus_host_thermal_headroom_celsius',
      'To the nearest temperature at which something is slowed down or switched off',
      ({ temperatures }) => temperatures?.headroomC,
    ),
    one('ocellus_host_fan_ratio', 'Duty of the fan', ({ temperatures }) => ratio(temperatures?.fanPercent)),
    one(
      'ocellus_host_throttled',
      '1 while heat or the power supply slows the device down',
      ({ throttling }) => (throttling.active === null ? null : Number(throttling.active)),
    ),
    many(['ocellus_host_throttled_by', '1 for each reason that holds now'], 'reason', ({ throttling }) =>
      Object.fromEntries(throttling.reasons.map((reason) => [reason, 1])),
    ),
    readCounter(
      {
        name: 'ocellus_host_over_current_events_total',
        help: 'Times that the supply could not follow, since the machine started',
        labelNames: ['counter'],
        registers: [],
      },
      async () => labelled('counter', (await reported()).throttling.overCurrentEvents),
    ),
  ];
}

function labelled<Label extends string>(
  label: Label,
  values: Readonly<Record<string, number | null>>,
): Reading<Label>[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === null ? [] : [{ labels: { [label]: name } as Record<Label, string>, value }],
  );
}
