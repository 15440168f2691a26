import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { ServiceManager, takeServiceManagerTerms } from '../../src/device/service-manager.ts';
import { NotifyListener } from '../fixtures/notify-listener.ts';
import { recordingLog } from '../fixtures/recording-log.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ocellus-notify-'));
  undo.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function listenAt(address: string): Promise<NotifyListener> {
  const listener = await NotifyListener.start(address);
  undo.push(() => listener.stop());
  return listener;
}

async function managerAt(address: string, log = silentLogger): Promise<ServiceManager> {
  const manager = new ServiceManager({ address, watchdogMs: undefined }, new SystemClock(), log);
  await manager.open();
  undo.push(() => manager.close());
  return manager;
}

describe('what is sent', () => {
  test.each([
    ['a path', () => join(folder(), 'notify')],
    ['an abstract name', () => `@ocellus-test-${process.pid}`],
  ])('arrives at %s, from this process, in order', async (_, address) => {
    const listener = await listenAt(address());
    const manager = await managerAt(listener.address);
    const beforeUsec = process.hrtime.bigint() / 1000n;
    manager.stillStarting(30_000, 'starting');
    manager.ready('2 of 2 cameras live');
    manager.alive(undefined);
    manager.alive('one\nline');
    manager.reloading();
    manager.status('as before');
    manager.stopping(25_000);
    await waitUntil(() => listener.received.length === 7, 'all of it');
    expect(new Set(listener.received.map(({ pid }) => pid))).toEqual(new Set([process.pid]));
    const fields = listener.received.map((message) => message.fields);
    const monotonicUsec = BigInt(fields[4]!.MONOTONIC_USEC!);
    expect(monotonicUsec).toBeGreaterThanOrEqual(beforeUsec);
    expect(monotonicUsec).toBeLessThanOrEqual(process.hrtime.bigint() / 1000n);
    expect(fields).toEqual([
      { EXTEND_TIMEOUT_USEC: '30000000', STATUS: 'starting' },
      { READY: '1', STATUS: '2 of 2 cameras live' },
      { WATCHDOG: '1' },
      { WATCHDOG: '1', STATUS: 'one line' },
      { RELOADING: '1', MONOTONIC_USEC: String(monotonicUsec), STATUS: 'reloading' },
      { STATUS: 'as before' },
      { STOPPING: '1', EXTEND_TIMEOUT_USEC: '25000000', STATUS: 'stopping' },
    ]);
  });

  test('MONOTONIC_USEC is of CLOCK_MONOTONIC, by which systemd orders reloads', async () => {
    const listener = await listenAt(join(folder(), 'notify'));
    const clock = 'import time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)';
    const before = Number(spawnSync('python3', ['-c', clock]).stdout);
    (await managerAt(listener.address)).reloading();
    const after = Number(spawnSync('python3', ['-c', clock]).stdout);
    await waitUntil(() => listener.received.length === 1, 'the message');
    const sent = Number(listener.received[0]!.fields.MONOTONIC_USEC);
    expect(sent).toBeGreaterThanOrEqual(before);
    expect(sent).toBeLessThanOrEqual(after);
  });
});

describe('a manager that does not listen', () => {
  test('is not waited for: states come later in their order, signs of life are left out', async () => {
    const listener = await listenAt(join(folder(), 'notify'));
    const manager = await managerAt(listener.address);
    listener.pause(true);
    // Far more than the kernel queues: net.unix.max_dgram_qlen, and the receiver's buffer.
    for (let i = 0; i < 2_000; i++) manager.alive(`status ${i}`);
    manager.reloading();
    manager.alive('after the reload began');
    manager.ready('reloaded');
    manager.stopping(1_000);
    listener.pause(false);
    await waitUntil(() => listener.with('STOPPING').length === 1, 'the last state');
    const states = listener.received
      .map(({ fields }) => ['RELOADING', 'READY', 'STOPPING'].find((name) => name in fields))
      .filter((name) => name !== undefined);
    expect(states).toEqual(['RELOADING', 'READY', 'STOPPING']);
    expect(listener.with('WATCHDOG').length).toBeLessThan(2_000);
  });

  test.each([
    ['is gone', () => join(folder(), 'nobody'), /errno 2$/],
    ['has an address of another kind', () => 'vsock:2:1234', /neither a path nor an abstract name/],
    ['has too long an address', () => `/${'x'.repeat(200)}`, /longer than 107 bytes/],
  ])('%s: said once, and nothing else happens', async (_, address, reason) => {
    const { log, lines } = recordingLog();
    const manager = await managerAt(address(), log);
    for (let i = 0; i < 3; i++) manager.ready('here');
    manager.alive('here');
    // One that cannot be addressed is known at once, the other at the first message.
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'the service manager cannot be told anything',
        fields: { address: expect.any(String), reason: expect.stringMatching(reason) },
      },
    ]);
  });

  test('is not there: every call does nothing', async () => {
    const { log, lines } = recordingLog();
    const manager = new ServiceManager(undefined, new SystemClock(), log);
    await manager.open();
    manager.ready('x');
    manager.alive('x');
    manager.close();
    expect(manager.watchdogMs).toBeUndefined();
    expect(lines).toEqual([]);
  });
});

describe('the terms', () => {
  const all = { NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7', PATH: '/bin' };

  test.each([
    ['all of them', all, { address: '/run/n', watchdogMs: 30_000 }],
    [
      'a watchdog for whoever it is',
      { ...all, WATCHDOG_PID: undefined },
      { address: '/run/n', watchdogMs: 30_000 },
    ],
    [
      'a watchdog of another process',
      { ...all, WATCHDOG_PID: '8' },
      { address: '/run/n', watchdogMs: undefined },
    ],
    ['no watchdog', { ...all, WATCHDOG_USEC: undefined }, { address: '/run/n', watchdogMs: undefined }],
    ['a watchdog that is off', { ...all, WATCHDOG_USEC: '0' }, { address: '/run/n', watchdogMs: undefined }],
    ['a watchdog in words', { ...all, WATCHDOG_USEC: 'soon' }, { address: '/run/n', watchdogMs: undefined }],
    ['no socket', { ...all, NOTIFY_SOCKET: undefined }, undefined],
    ['an empty socket', { ...all, NOTIFY_SOCKET: '' }, undefined],
  ])('%s; nothing of it is left for child processes', (_, given, expected) => {
    const environment: Record<string, string | undefined> = { ...given };
    expect(takeServiceManagerTerms(environment, 7)).toEqual(expected);
    expect(environment).toEqual({ PATH: '/bin' });
  });
});
