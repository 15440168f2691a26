import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clockSync } from '../../src/device/clock-sync.ts';
import { diskSpace } from '../../src/device/disk-space.ts';
import { boardModel, jetsonFacts } from '../../src/device/jetson.ts';
import { describeMachine, machineRecord } from '../../src/device/machine-record.ts';
import { runProgram } from '../../src/device/program.ts';
import { scratch } from '../config/scratch.ts';

const ORIN = {
  'proc/device-tree/model': 'NVIDIA Jetson Orin Nano Developer Kit\0',
  'etc/nv_tegra_release':
    '# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: Wed Jan  8 01:49:37 UTC 2025\n',
};

/** A `PATH` with these shell scripts alone. */
function programs(scripts: Readonly<Record<string, string>>): { PATH: string } {
  const folder = scratch(
    Object.fromEntries(Object.entries(scripts).map(([name, body]) => [name, `#!/bin/sh\n${body}\n`])),
  );
  for (const name of Object.keys(scripts)) chmodSync(join(folder, name), 0o755);
  return { PATH: folder };
}

describe('board', () => {
  test('a Jetson names itself and its release', async () => {
    const root = scratch(ORIN);
    expect(await boardModel(root)).toBe('NVIDIA Jetson Orin Nano Developer Kit');
    expect(await jetsonFacts(root)).toEqual({ l4t: '36.4.3' });
  });

  test('anything else is no Jetson', async () => {
    const root = scratch({});
    expect([await boardModel(root), await jetsonFacts(root)]).toEqual([null, null]);
  });

  test('links that lead nowhere, as an emulator shows them, are no Jetson', async () => {
    const root = scratch({});
    mkdirSync(join(root, 'proc'));
    symlinkSync('device-tree', join(root, 'proc/device-tree'));
    expect(await boardModel(root)).toBeNull();
  });

  test('a release file in words of the future is no release', async () => {
    expect(await jetsonFacts(scratch({ 'etc/nv_tegra_release': 'Thor 99' }))).toBeNull();
  });
});

describe('machineRecord', () => {
  test('says what this machine is', async () => {
    const record = await machineRecord(scratch(ORIN), programs({ 'nvidia-smi': 'echo "NVIDIA T4, 550.54"' }));
    expect(record).toMatchObject({
      board: 'NVIDIA Jetson Orin Nano Developer Kit',
      jetson: { l4t: '36.4.3' },
      gpus: ['NVIDIA T4, 550.54'],
      node: process.version,
    });
    expect(record.cpu.threads).toBeGreaterThanOrEqual(1);
    expect(record.memoryMiB).toBeGreaterThan(100);
    expect(describeMachine(record)).toContain('NVIDIA Jetson Orin Nano Developer Kit; L4T 36.4.3; ');
  });

  test('a driver that is installed without its GPU counts as none', async () => {
    const environment = programs({ 'nvidia-smi': 'echo "NVIDIA-SMI has failed"; exit 9' });
    expect((await machineRecord(scratch({}), environment)).gpus).toEqual([]);
  });
});

describe('clockSync', () => {
  test.each([
    ['systemd says yes', { timedatectl: 'echo yes' }, true, 'timedatectl'],
    ['systemd says no', { timedatectl: 'echo no' }, false, 'timedatectl'],
    [
      'no systemd, chrony follows a server',
      { timedatectl: 'exit 1', chronyc: 'echo C0000201,ntp,3,Normal' },
      true,
      'chronyc',
    ],
    ['chrony follows nobody', { chronyc: 'echo 00000000,,0,Not synchronised' }, false, 'chronyc'],
    ['nobody to ask', {}, 'unknown', null],
  ])('%s', async (_, scripts, synchronised, source) => {
    expect(await clockSync(programs(scripts as Record<string, string>))).toEqual({ synchronised, source });
  });
});

describe('runProgram', () => {
  test.each([
    [
      'ends well',
      'echo out; echo err >&2',
      { outcome: 'exited', status: 0, stdout: 'out\n', stderr: 'err\n' },
    ],
    ['ends badly', 'exit 3', { outcome: 'exited', status: 3, stdout: '', stderr: '' }],
    [
      'waits for input that never comes',
      'read x; echo "got $x"',
      { outcome: 'exited', status: 0, stdout: 'got \n', stderr: '' },
    ],
  ])('one that %s', async (_, body, expected) => {
    expect(await runProgram('p', [], 10_000, programs({ p: body }))).toEqual(expected);
  });

  test('one that is not there', async () => {
    expect(await runProgram('p', [], 10_000, { PATH: '' })).toEqual({ outcome: 'missing' });
  });

  test('one that never ends is killed', async () => {
    const environment = programs({ p: 'while :; do :; done' });
    expect(await runProgram('p', [], 100, environment)).toEqual({ outcome: 'timed_out' });
  });
});

test('room is measured at the nearest folder that exists', async () => {
  const folder = scratch({});
  const space = await diskSpace(join(folder, 'a/b'));
  expect([space.folder, space.writable, space.freeBytes > 0]).toEqual([folder, true, true]);
});
