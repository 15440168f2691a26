import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SystemClock } from '../../../src/base/clock.ts';
import type { HostMetrics } from '../../../src/device/host/host-metrics.ts';
import { HostReader } from '../../../src/device/host/host-reader.ts';
import { scratch } from '../../config/scratch.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { type HostName, hostNames, hostTree, type Overrides } from '../../fixtures/host-tree.ts';

function sampleOf(name: HostName, overrides: Overrides = {}): Promise<HostMetrics> {
  return new HostReader(new FakeClock(), hostTree(name, overrides)).sample();
}

/** Every number anywhere in a value. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

const zone = ({ thermal }: HostMetrics, name: string) => thermal.zones.find((found) => found.name === name);

describe('a board as its documentation describes it', () => {
  test('Orin Nano, JetPack 6', async () => {
    const metrics = await sampleOf('orin-nano');
    expect(metrics.cpu).toEqual({ busyPercent: null, load1: 1.52, processors: 6, limit: 4 });
    expect(metrics.memory).toEqual({
      totalBytes: 7_801_852 * 1024,
      availableBytes: 4_312_004 * 1024,
      swapTotalBytes: 3_900_920 * 1024,
      swapFreeBytes: 3_899_896 * 1024,
      limit: { bytes: 2 ** 31, usedBytes: 734_003_200 - 209_715_200 },
    });
    expect(metrics.pressure.memory).toEqual({
      someAvg10Percent: 0.5,
      someAvg60Percent: 0.2,
      fullAvg10Percent: 0.1,
      fullAvg60Percent: 0.05,
    });
    expect(metrics.gpu).toEqual({
      name: '17000000.gpu',
      loadPercent: 43.7,
      frequencyMhz: 612,
      maxFrequencyMhz: 1020,
    });
    expect(metrics.emc).toBeNull();
    expect(metrics.power).toEqual({
      totalMw: 7524,
      rails: [
        { name: 'VDD_IN', powerMw: 7524, voltageMv: 4976, currentMa: 1512, limitMa: 4400 },
        { name: 'VDD_CPU_GPU_CV', powerMw: 2146, voltageMv: 4968, currentMa: 432, limitMa: 4400 },
        { name: 'VDD_SOC', powerMw: 1471, voltageMv: 4968, currentMa: 296, limitMa: 4400 },
      ],
    });
    expect(zone(metrics, 'cpu-thermal')).toEqual({
      name: 'cpu-thermal',
      temperatureC: 51.3,
      throttleAtC: 99,
      shutdownAtC: 104.5,
      headroomC: 47.7,
    });
    expect(zone(metrics, 'cv0-thermal')?.temperatureC).toBeNull();
    expect([metrics.thermal.hottestC, metrics.thermal.headroomC]).toEqual([51.3, 47.7]);
    // Counters that stood before the first sample tell nothing of now.
    expect(metrics.throttling).toEqual({
      active: false,
      reasons: [],
      overCurrentEvents: { oc1: 0, oc2: 15, oc3: 37 },
    });
    expect(metrics.powerMode).toEqual({ id: 0, name: '15W', fastest: 'MAXN_SUPER' });
    expect(metrics.fan).toEqual({ dutyPercent: 40, rpm: 2140 });
  });

  test('AGX Orin, JetPack 5: rails of two chips, none of them the whole', async () => {
    const metrics = await sampleOf('agx-orin');
    expect(metrics.gpu).toMatchObject({ name: '17000000.ga10b', loadPercent: 0 });
    expect(metrics.power.totalMw).toBeNull();
    expect(metrics.power.rails.map(({ name, powerMw }) => [name, powerMw])).toEqual([
      ['VDD_GPU_SOC', 4930],
      ['VDD_CPU_CV', 796],
      ['VIN_SYS_5V0', 3720],
      ['VDDQ_VDD2_1V8AO', 518],
    ]);
    expect(zone(metrics, 'GPU-therm')).toMatchObject({ temperatureC: null, headroomC: null });
    expect(metrics.powerMode).toEqual({ id: 2, name: '30W', fastest: 'MAXN' });
  });

  test('Xavier NX, JetPack 4: older rails, control groups and kernel, and too hot', async () => {
    const metrics = await sampleOf('xavier-nx');
    expect(metrics.pressure).toEqual({ cpu: null, memory: null, io: null });
    expect(metrics.memory.limit).toEqual({ bytes: 2 ** 32, usedBytes: 1_000_000_000 });
    expect(metrics.cpu.limit).toBeNull();
    expect(metrics.gpu).toEqual({
      name: '17000000.gv11b',
      loadPercent: 99.3,
      frequencyMhz: 1109,
      maxFrequencyMhz: 1109,
    });
    expect(metrics.emc).toEqual({ frequencyMhz: 1600, maxFrequencyMhz: 1600, loadPercent: 33 });
    expect(metrics.power.totalMw).toBe(9661);
    expect(metrics.power.rails[2]).toEqual({
      name: 'VDD_SOC',
      powerMw: 1368,
      voltageMv: 5032,
      currentMa: 272,
      limitMa: 3600,
    });
    expect(metrics.thermal.headroomC).toBe(-0.5);
    expect(metrics.throttling).toMatchObject({ active: true, reasons: ['thermal:gpu-balanced'] });
    expect(metrics.powerMode).toEqual({ id: 8, name: 'MODE_20W_6CORE', fastest: 'MODE_20W_6CORE' });
    expect(metrics.fan).toEqual({ dutyPercent: 100, rpm: 5120 });
  });

  test('Thor, JetPack 7: the load of its GPU is not in sysfs', async () => {
    const metrics = await sampleOf('thor');
    expect(metrics.gpu).toEqual({
      name: 'gpu-gpc-0',
      loadPercent: null,
      frequencyMhz: 1575,
      maxFrequencyMhz: 1575,
    });
    expect(metrics.emc).toEqual({ frequencyMhz: 4266, maxFrequencyMhz: 4266, loadPercent: null });
    expect(metrics.power.totalMw).toBe(23_142);
    expect(metrics.power.rails.map(({ name }) => name)).toEqual([
      'VDD_GPU',
      'VDD_CPU_SOC_MSS',
      'VIN_SYS_5V0',
      'VIN',
    ]);
    expect(metrics.throttling.reasons).toEqual(['thermal:gpu-throttle-alert', 'thermal:devfreq-gpu-gpc-0']);
    expect(metrics.powerMode).toEqual({ id: 0, name: 'MAXN', fastest: 'MAXN' });
  });

  test('a laptop: sensors that say nothing are not believed', async () => {
    const metrics = await sampleOf('x64-laptop');
    expect(metrics.gpu).toEqual({
      name: 'card1',
      loadPercent: null,
      frequencyMhz: 300,
      maxFrequencyMhz: 1350,
    });
    expect(metrics.memory.limit).toEqual({ bytes: 2 ** 33, usedBytes: 3 * 2 ** 30 });
    expect(metrics.throttling).toEqual({ active: false, reasons: [], overCurrentEvents: {} });
    expect(zone(metrics, 'x86_pkg_temp')).toMatchObject({ throttleAtC: null, headroomC: null });
    expect(metrics.thermal).toMatchObject({ hottestC: 61, headroomC: 70 });
    expect([metrics.powerMode, metrics.power.rails]).toEqual([null, []]);
  });

  test('a Raspberry Pi on a weak supply', async () => {
    const { throttling, thermal } = await sampleOf('raspberry-pi-5');
    expect(throttling).toMatchObject({ active: true, reasons: ['under_voltage', 'throttled'] });
    expect(thermal.headroomC).toBe(43.9);
  });
});

describe('between two samples', () => {
  test('the share of time that processors were busy', async () => {
    const root = hostTree('x64-laptop', { 'proc/stat': 'cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1\n' });
    const reader = new HostReader(new FakeClock(), root);
    await reader.sample();
    writeFileSync(join(root, 'proc/stat'), 'cpu  200 0 150 950 100 0 0 0 0 0\ncpu0 1\n');
    expect((await reader.sample()).cpu.busyPercent).toBe(37.5);
    // Counters that went back, as after the machine slept: nothing is known.
    writeFileSync(join(root, 'proc/stat'), 'cpu  1 0 1 1 1 0 0 0 0 0\n');
    expect((await reader.sample()).cpu.busyPercent).toBeNull();
  });

  test('a counter of over-current that grew throttles now, and one that stands does not', async () => {
    const root = hostTree('orin-nano');
    const reader = new HostReader(new FakeClock(), root);
    await reader.sample();
    writeFileSync(join(root, 'sys/class/hwmon/hwmon3/oc3_event_cnt'), '39\n');
    expect((await reader.sample()).throttling).toMatchObject({ active: true, reasons: ['over_current:oc3'] });
    expect((await reader.sample()).throttling).toMatchObject({ active: false, reasons: [] });
  });

  test('a driver that comes late is found within a minute', async () => {
    const clock = new FakeClock();
    const root = hostTree('raspberry-pi-5');
    const reader = new HostReader(clock, root);
    expect((await reader.sample()).gpu).toBeNull();
    const gpu = join(root, 'sys/devices/gpu.0');
    execFileSync('mkdir', ['-p', gpu]);
    writeFileSync(join(gpu, 'load'), '500\n');
    expect((await reader.sample()).gpu).toBeNull();
    await clock.advance(60_000);
    expect((await reader.sample()).gpu).toMatchObject({ name: 'gpu.0', loadPercent: 50 });
  });

  test('who asks while a sample is taken gets that one', async () => {
    const reader = new HostReader(new FakeClock(), hostTree('thor'));
    const [first, second] = await Promise.all([reader.sample(), reader.sample()]);
    expect(second).toBe(first);
  });
});

describe('whatever the files hold, a sample comes, and no number in it is NaN', () => {
  test('a machine without any of them', async () => {
    const metrics = await new HostReader(new FakeClock(), scratch({})).sample();
    expect(numbersIn(metrics)).toEqual([0]);
    expect(metrics.throttling).toEqual({ active: null, reasons: [], overCurrentEvents: {} });
    expect(metrics.thermal).toEqual({ zones: [], hottestC: null, headroomC: null });
  });

  const NONSENSE = [
    '',
    '\n',
    'N/A',
    'nan',
    '-',
    '0x',
    '1e999',
    '99999999999999999999',
    '-1',
    '\u0000\u0000',
    '{"a":1}',
  ];
  test.each(hostNames)('%s with nonsense in every file', async (name) => {
    for (const shift of [0, 4, 8]) {
      const root = hostTree(name);
      const files = execFileSync('find', [root, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n');
      // Names stay, so that the values are reached.
      const values = files.filter((path) => !/(name|type|label|cgroup|rail_name_\d)$/.test(path));
      for (const [i, file] of values.entries()) writeFileSync(file, NONSENSE[(i + shift) % NONSENSE.length]!);
      const metrics = await new HostReader(new FakeClock(), root).sample();
      expect(numbersIn(metrics).filter((value) => !Number.isFinite(value))).toEqual([]);
    }
  });

  test('a folder where a file was expected, and a pipe that nobody writes to', async () => {
    const root = hostTree('orin-nano', {
      'proc/meminfo': null,
      'proc/meminfo/inner': 'x',
      'proc/loadavg': null,
    });
    execFileSync('mkfifo', [join(root, 'proc/loadavg')]);
    const { memory, cpu } = await new HostReader(new FakeClock(), root).sample();
    expect([memory.totalBytes, cpu.load1]).toEqual([null, null]);
  });

  test('a file that opens and cannot be read', async () => {
    const path = 'sys/kernel/debug/bpmp/debug/clk/emc/rate';
    const root = hostTree('xavier-nx', { [path]: null });
    // Address 0 of a process is mapped to nothing: reading it fails, for root too.
    symlinkSync('/proc/self/mem', join(root, path));
    expect((await new HostReader(new FakeClock(), root).sample()).emc).toBeNull();
  });

  test('percentages out of range are not believed', async () => {
    const { gpu, pressure, fan } = await sampleOf('orin-nano', {
      'sys/devices/platform/bus@0/17000000.gpu/load': '1001\n',
      'proc/pressure/cpu': 'some avg10=101.00 avg60=1.00\n',
      'sys/class/hwmon/hwmon0/pwm1': '256\n',
    });
    expect([gpu?.loadPercent, pressure.cpu?.someAvg10Percent, fan?.dutyPercent]).toEqual([null, null, null]);
    expect(pressure.cpu?.someAvg60Percent).toBe(1);
  });

  test('this machine', async () => {
    const reader = new HostReader(new SystemClock());
    await reader.sample();
    const { memory, cpu } = await reader.sample();
    expect(memory.totalBytes).toBeGreaterThan(2 ** 26);
    expect(cpu.processors).toBeGreaterThanOrEqual(1);
  });
});
