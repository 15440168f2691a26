import { expect, test } from 'vitest';
import { sectionsOf, slowedDownBy } from '../../../../src/preview/page/state/device-sections.ts';

test('a report becomes lists of facts with their units, whatever sections it has', () => {
  const sections = sectionsOf({
    ...{ deviceId: 'porch', version: '1', uptimeMs: 5 },
    models: [{ name: 'default', provider: 'cpu', refused: [] }],
    host: { cpuPercent: 12, memoryBytes: 1536, temperatureC: null, loadPerCpu: 0.5 },
    mqtt: { state: 'connected' },
    gpu: { name: 'gpu-gpc-0', loadPercent: null, frequencyMhz: 612 },
    power: {
      totalW: 7.524,
      rails: [
        { name: 'VDD_IN', powerW: 7.5 },
        { name: 'VDD_SOC', powerW: 1.4 },
      ],
    },
    temperatures: { headroomC: 47.7, fanRpm: 2140, zones: [] },
    throttling: null,
    store: { ok: true, outbox: { queued: 2, oldestAgeMs: 61_000 } },
  });
  expect(sections).toEqual([
    {
      title: 'models',
      facts: [
        { name: 'name', value: 'default' },
        { name: 'provider', value: 'cpu' },
      ],
    },
    {
      title: 'host',
      facts: [
        { name: 'cpu', value: '12 %' },
        { name: 'memory', value: '1.5 KiB' },
        { name: 'load per cpu', value: '0.50' },
      ],
    },
    { title: 'MQTT', facts: [{ name: 'state', value: 'connected' }] },
    {
      title: 'GPU',
      facts: [
        { name: 'name', value: 'gpu-gpc-0' },
        { name: 'frequency', value: '612 MHz' },
      ],
    },
    {
      title: 'power',
      facts: [
        { name: 'total', value: '7.5 W' },
        { name: 'rails VDD_IN power', value: '7.5 W' },
        { name: 'rails VDD_SOC power', value: '1.4 W' },
      ],
    },
    {
      title: 'temperatures',
      facts: [
        { name: 'headroom', value: '48 °C' },
        { name: 'fan', value: '2140 / min' },
      ],
    },
    {
      title: 'store',
      facts: [
        { name: 'ok', value: 'yes' },
        { name: 'outbox queued', value: '2' },
        { name: 'outbox oldest age', value: '1 min 1 s' },
      ],
    },
  ]);
});

test('says why the device is slowed down, and nothing when it is not', () => {
  const report = (throttling: unknown) => ({ deviceId: 'porch', version: '1', uptimeMs: 5, throttling });
  expect(
    slowedDownBy(report({ active: true, reasons: ['thermal:gpu-throttle-alert', 'under_voltage'] })),
  ).toBe('thermal: gpu-throttle-alert, under voltage');
  expect(slowedDownBy(report({ active: false, reasons: [] }))).toBeUndefined();
  expect(slowedDownBy(report({ active: null, reasons: [] }))).toBeUndefined();
  expect(slowedDownBy(undefined)).toBeUndefined();
});
