import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { threadStates } from '../../src/device/thread-states.ts';

describe('threadStates', () => {
  test('lists the threads of this process and its children, with their states', async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    process.kill(child.pid!, 'SIGSTOP');
    try {
      const { threads, children } = threadStates();
      expect(threads).toContainEqual(expect.stringMatching(/ R$/));
      expect(children).toContainEqual(
        expect.stringMatching(new RegExp(`^\\S+ [TRS] \\(pid ${child.pid}\\)$`)),
      );
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  test('keeps names with brackets and blanks, lists no more than 64, and nothing where there is nothing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ocellus-proc-'));
    for (let tid = 1; tid <= 100; tid++) {
      mkdirSync(join(folder, 'task', String(tid)), { recursive: true });
      writeFileSync(join(folder, 'task', String(tid), 'stat'), `${tid} (odd (name)) D 1 2 3`);
    }
    expect(threadStates(folder)).toEqual({ threads: Array(64).fill('odd (name) D'), children: [] });
    rmSync(folder, { recursive: true });
    expect(threadStates(folder)).toEqual({ threads: [], children: [] });
  });
});
