import { describe, expect, it } from 'vitest';
import { type GovernorConfig, governorSchema } from '../../../src/config/governor-schema.ts';
import { Governor } from '../../../src/device/governor/governor.ts';
import { hostPressure } from '../../../src/device/governor/host-pressure.ts';
import { HostReader } from '../../../src/device/host/host-reader.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { type HostName, hostTree, type Overrides } from '../../fixtures/host-tree.ts';

async function pressureOf(name: HostName, overrides: Overrides = {}, config: Partial<GovernorConfig> = {}) {
  const reader = new HostReader(new FakeClock(), hostTree(name, overrides));
  return hostPressure(await reader.sample(), governorSchema.parse(config));
}

const PSI = (some: number, full: number) =>
  `some avg10=${some} avg60=1.00 avg300=0.50 total=1\nfull avg10=${full} avg60=0.50 avg300=0.10 total=1\n`;

describe('hostPressure of recorded machines', () => {
  it.each(['orin-nano', 'agx-orin', 'x64-laptop'] as const)('%s is cool as recorded', async (name) => {
    const pressure = await pressureOf(name);
    expect(pressure.temperatureC).toBeGreaterThan(20);
    expect(pressure.headroomC).toBeGreaterThan(8);
    expect(pressure).toMatchObject({ thermalThrottling: false, powerThrottling: false });
  });

  it('takes a Xavier beyond its first trip point, and a Thor that caps its GPU, for hot', async () => {
    const xavier = await pressureOf('xavier-nx');
    expect(xavier).toMatchObject({ thermalThrottling: true, powerThrottling: false });
    expect(xavier.headroomC).toBeLessThan(0);
    expect(await pressureOf('thor')).toMatchObject({ thermalThrottling: true, powerThrottling: false });
  });

  it('tells an Orin that is hot from one whose supply is weak', async () => {
    const zone = 'sys/class/thermal/thermal_zone0/temp';
    const hot = await pressureOf('orin-nano', { [zone]: '97000\n' });
    expect(hot.temperatureC).toBe(97);
    expect(hot.headroomC).toBeLessThan(5);
    const governor = new Governor(governorSchema.parse({}));
    const decision = governor.decide({
      ...{ monoMs: 0, host: hot, models: new Map([['default', { sessions: 1, costMs: 40 }]]) },
      cameras: [{ cameraId: 'a', priority: 1, model: 'default', fps: 10 }],
    });
    expect(decision).toMatchObject({ reasons: ['temperature'] });
    expect(decision.cameras.get('a')!.fps).toBeLessThan(10);
  });

  it('goes by the limit of the operator before those of the sensors', async () => {
    const stated = await pressureOf('orin-nano');
    const own = await pressureOf('orin-nano', {}, { maxTemperatureC: stated.temperatureC! + 3 });
    expect(own.headroomC).toBeLessThanOrEqual(3);
  });

  it('takes under-voltage of a Raspberry Pi for its supply, and not for heat', async () => {
    const firmware = 'sys/devices/platform/soc/soc:firmware/get_throttled';
    const alarm = 'sys/class/hwmon/hwmon1/in0_lcrit_alarm';
    const weak = await pressureOf('raspberry-pi-5', { [firmware]: '50005\n' });
    expect(weak).toMatchObject({ powerThrottling: true, thermalThrottling: false });
    const hot = await pressureOf('raspberry-pi-5', { [firmware]: '4\n', [alarm]: '0\n' });
    expect(hot).toMatchObject({ powerThrottling: false, thermalThrottling: true });
  });

  it('reads stalls for memory, and the limit of the control group', async () => {
    const overrides: Overrides = {
      'proc/pressure/memory': PSI(34.5, 12),
      'proc/self/cgroup': '0::/system.slice/ocellus.service\n',
      'sys/fs/cgroup/system.slice/ocellus.service/memory.max': '1000000000\n',
      'sys/fs/cgroup/system.slice/ocellus.service/memory.current': '960000000\n',
      'sys/fs/cgroup/system.slice/ocellus.service/memory.stat': 'anon 900000000\ninactive_file 10000000\n',
    };
    expect((await pressureOf('orin-nano', overrides)).memory).toEqual({
      somePercent: 34.5,
      fullPercent: 12,
      usedPercent: 95,
    });
  });

  it('says nothing of a machine that says nothing', async () => {
    const pressure = await pressureOf('x64-laptop', {
      'sys/class/thermal': null,
      'proc/pressure': null,
      'proc/self/cgroup': null,
    });
    expect(pressure).toMatchObject({ headroomC: null, memory: null });
  });
});
