import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { hardwareReport, hardwareSummary } from '../../src/app/hardware-report.ts';
import type { HostMetrics } from '../../src/device/host/host-metrics.ts';
import { HostReader } from '../../src/device/host/host-reader.ts';
import { hardwareSchema } from '../../src/preview/api/hardware-schema.ts';
import { hardwareMetrics } from '../../src/preview/metrics/hardware-metrics.ts';
import type { DeviceReport } from '../../src/preview/ports.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { type HostName, hostNames, hostTree } from '../fixtures/host-tree.ts';

function sampleOf(name: HostName): Promise<HostMetrics> {
  return new HostReader(new FakeClock(), hostTree(name)).sample();
}

/** The lines of a scrape that are samples. */
async function scrape(metrics: HostMetrics | null): Promise<string[]> {
  const registry = new Registry();
  const report = { ...hardwareReport(metrics) } as DeviceReport;
  for (const metric of hardwareMetrics(async () => report)) registry.registerMetric(metric);
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('the report of the API', () => {
  test.each(hostNames)('of %s keeps to its schema', async (name) => {
    expect(hardwareSchema.parse(hardwareReport(await sampleOf(name)))).toBeDefined();
  });

  test('before the first sample', () => {
    expect(hardwareSchema.parse(hardwareReport(null))).toMatchObject({
      gpu: null,
      power: null,
      temperatures: null,
      pressure: null,
      throttling: { active: null, reasons: [], overCurrentEvents: {} },
    });
  });

  test('of an Orin Nano', async () => {
    expect(hardwareReport(await sampleOf('orin-nano'))).toMatchObject({
      gpu: { loadPercent: 43.7, emcLoadPercent: null },
      power: { mode: '15W', fastestMode: 'MAXN_SUPER', totalW: 7.52 },
      temperatures: { headroomC: 47.7, fanPercent: 40 },
      pressure: { cpuPercent: 3.2, memoryPercent: 0.5, memoryFullPercent: 0.1, ioPercent: 1 },
    });
  });
});

describe('the summary in topic state', () => {
  test('of a Xavier NX that is too hot', async () => {
    expect(hardwareSummary(await sampleOf('xavier-nx'))).toEqual({
      memoryAvailableMiB: 2931,
      gpuPercent: 99.3,
      powerW: 9.66,
      powerMode: 'MODE_20W_6CORE',
      temperatureC: 91,
      headroomC: -0.5,
      throttled: true,
      throttledBy: ['thermal:gpu-balanced'],
    });
  });

  test('before the first sample', () => expect(hardwareSummary(null)).toEqual({}));
});

describe('metrics', () => {
  test('of an Orin Nano', async () => {
    const lines = await scrape(await sampleOf('orin-nano'));
    expect(lines).toEqual(
      expect.arrayContaining([
        'ocellus_host_gpu_load_ratio 0.437',
        'ocellus_host_gpu_frequency_hertz 612000000',
        'ocellus_host_power_watts 7.52',
        'ocellus_host_rail_power_watts{rail="VDD_SOC"} 1.47',
        'ocellus_host_zone_temperature_celsius{zone="gpu-thermal"} 49.9',
        'ocellus_host_thermal_headroom_celsius 47.7',
        'ocellus_host_pressure_ratio{resource="memory"} 0.005',
        'ocellus_host_throttled 0',
        'ocellus_host_over_current_events_total{counter="oc3"} 37',
      ]),
    );
    // Sensors that are switched off have no sample.
    expect(lines.filter((line) => line.includes('cv0') || line.includes('emc'))).toEqual([]);
  });

  test('the reasons of a Raspberry Pi on a weak supply', async () => {
    const lines = await scrape(await sampleOf('raspberry-pi-5'));
    expect(lines).toContain('ocellus_host_throttled 1');
    expect(lines).toContain('ocellus_host_throttled_by{reason="under_voltage"} 1');
  });

  test('none of a machine that tells nothing', async () => {
    expect(await scrape(null)).toEqual([]);
  });
});
