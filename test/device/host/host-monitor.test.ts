import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { HostMetrics } from '../../../src/device/host/host-metrics.ts';
import { HostMonitor } from '../../../src/device/host/host-monitor.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { hostTree } from '../../fixtures/host-tree.ts';
import { waitUntil } from '../../fixtures/wait-until.ts';

let monitor: HostMonitor | undefined;

afterEach(async () => {
  await monitor?.close();
  monitor = undefined;
});

test('keeps the newest sample, takes one an interval after the last, and none after its end', async () => {
  const clock = new FakeClock();
  const root = hostTree('orin-nano');
  monitor = new HostMonitor({ clock, root, intervalMs: 2_000 });
  const heard: HostMetrics[] = [];
  const stop = monitor.onSample((metrics) => heard.push(metrics));
  expect(monitor.latest).toBeNull();
  await monitor.start();
  await waitUntil(() => heard.length === 1, 'the first sample');
  expect(monitor.latest).toBe(heard[0]);

  writeFileSync(join(root, 'sys/class/thermal/thermal_zone0/temp'), '98000\n');
  await waitUntil(() => clock.pending === 1, 'the timer of the next');
  await clock.advance(1_999);
  expect(heard).toHaveLength(1);
  await clock.advance(1);
  await waitUntil(() => heard.length === 2, 'the second sample');
  expect(monitor.latest?.thermal.headroomC).toBe(1);

  stop();
  await waitUntil(() => clock.pending === 1, 'the timer of the next');
  await monitor.close();
  expect(clock.pending).toBe(0);
  expect(heard).toHaveLength(2);
});
