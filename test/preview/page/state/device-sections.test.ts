import { expect, test } from 'vitest';
import { sectionsOf } from '../../../../src/preview/page/state/device-sections.ts';

test('a report becomes lists of facts with their units, whatever sections it has', () => {
  const sections = sectionsOf({
    ...{ deviceId: 'porch', version: '1', uptimeMs: 5 },
    models: [{ name: 'default', provider: 'cpu', refused: [] }],
    host: { cpuPercent: 12, memoryBytes: 1536, temperatureC: null, loadPerCpu: 0.5 },
    mqtt: { state: 'connected' },
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
      title: 'store',
      facts: [
        { name: 'ok', value: 'yes' },
        { name: 'outbox queued', value: '2' },
        { name: 'outbox oldest age', value: '1 min 1 s' },
      ],
    },
  ]);
});
