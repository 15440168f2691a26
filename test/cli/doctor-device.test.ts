import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import { deviceFindings } from '../../src/cli/doctor/device.ts';
import { diskSpeedFindings, speedFinding } from '../../src/cli/doctor/disk-speed.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { portFindings } from '../../src/cli/doctor/ports.ts';
import { configSchema } from '../../src/config/schema.ts';
import { jetpackOf } from '../../src/device/jetson.ts';
import { scratch } from '../config/scratch.ts';
import { type HostName, hostTree, type Overrides } from '../fixtures/host-tree.ts';

async function found(name: HostName, overrides: Overrides = {}): Promise<Map<string, Finding>> {
  const list = await deviceFindings({ PATH: '' }, new SystemClock(), hostTree(name, overrides));
  return new Map(list.map((finding) => [finding.id, finding]));
}

test('an Orin Nano that could be faster', async () => {
  const findings = await found('orin-nano');
  expect(findings.get('jetpack')).toEqual({ id: 'jetpack', status: 'ok', summary: 'JetPack 6 (L4T 36.4.3)' });
  expect(findings.get('power-mode')).toMatchObject({
    status: 'warn',
    summary: '15W; the fastest mode of this board is MAXN_SUPER',
  });
  expect(findings.get('temperature')).toMatchObject({
    status: 'ok',
    summary: '51.3 °C, 47.7 °C below the next limit (cpu-thermal)',
  });
  expect(findings.get('throttling')).toMatchObject({
    status: 'ok',
    summary: 'not slowed down now; over-current since the start: oc2 15, oc3 37',
  });
});

test('a Xavier NX that is too hot and too old', async () => {
  const findings = await found('xavier-nx');
  expect(findings.get('jetpack')).toMatchObject({ status: 'fail', remedy: 'flash JetPack 5 or newer' });
  expect(findings.get('power-mode')?.status).toBe('ok');
  expect(findings.get('temperature')).toMatchObject({ status: 'fail' });
  expect(findings.get('throttling')).toMatchObject({
    status: 'warn',
    summary: 'slowed down now: thermal:gpu-balanced',
  });
});

test('memory below the limit of the control group', async () => {
  const { status, summary, remedy } = (
    await found('orin-nano', { 'sys/fs/cgroup/system.slice/ocellus.service/memory.max': '629145600\n' })
  ).get('memory')!;
  expect([status, summary.includes('100 MiB left below the limit'), remedy === undefined]).toEqual([
    'warn',
    true,
    false,
  ]);
});

test.each([
  ['35.4.1', '5'],
  ['38.2.0', '7'],
  ['39.2.0', '7'],
  ['99.1', null],
])('L4T %s is of JetPack %s', (l4t, jetpack) => expect(jetpackOf({ l4t })).toBe(jetpack));

test('the disk is written to, measured, and left as it was', async () => {
  const folder = scratch({});
  const [finding] = await diskSpeedFindings(folder, new SystemClock());
  expect(finding?.summary).toMatch(/\d+ MiB\/s, [\d.]+ ms for a write to reach the disk/);
  expect(readdirSync(folder)).toEqual([]);
});

test('a disk without room for the test says so', async () => {
  const folder = scratch({});
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
  try {
    const [finding] = await diskSpeedFindings(folder, new SystemClock());
    expect(finding).toMatchObject({
      status: 'fail',
      remedy: 'free space, or move storage.path to a larger disk',
    });
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    execFileSync('umount', [folder]);
  }
});

test('a slow disk is a warning', () => {
  expect(speedFinding('disk:speed', '/d', { mibPerS: 3, syncMs: 800 })).toMatchObject({ status: 'warn' });
});

test('a port that another program has is named with that program', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const config = configSchema.parse({ http: { listen: `127.0.0.1:${port}` } });
  const [taken] = await portFindings(config);
  expect(taken?.summary).toContain(`127.0.0.1:${port} is in use by process ${process.pid}`);
  expect(taken?.status).toBe(taken?.summary.includes('ocellus itself') ? 'ok' : 'fail');
  await new Promise((resolve) => server.close(resolve));
  expect(await portFindings(config)).toEqual([
    { id: 'port', status: 'ok', summary: `127.0.0.1:${port} is free` },
  ]);
});
