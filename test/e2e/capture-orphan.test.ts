import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBlackHole } from '../fixtures/streams-black-hole.ts';
import { makeClip } from '../fixtures/streams-clip.ts';
import { childrenWith, isAlive } from './capture-rig.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/streams-orphan.mjs', import.meta.url));

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ocellus-orphan-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('a tool does not outlive a program that is killed by SIGKILL', () => {
  it.each(['ffmpeg', 'gstreamer'])('%s, while it waits for a camera that says nothing', async (backend) => {
    const hole = await startBlackHole();
    await orphan(`rtsp://127.0.0.1:${hole.port}/s`, backend, () => hole.connections() > 0);
    await hole.close();
  });

  it('ffmpeg, while it streams', async () => {
    const clip = await makeClip({ directory, name: 'clip.mp4', size: '320x240', fps: 10, seconds: 5 });
    const startMs = Date.now();
    await orphan(`file:${clip}?loop=1&realtime=1`, 'ffmpeg', () => Date.now() - startMs > 2_000);
  });
});

/** Starts the program, waits for its tool and for `ready`, kills the program, and sees the tool gone. */
async function orphan(source: string, backend: string, ready: () => boolean): Promise<void> {
  const program = spawn(process.execPath, [PROGRAM, source, backend], { stdio: 'inherit' });
  let tools: number[] = [];
  await until(async () => {
    // The address tells the tool itself from `ffmpeg -version`.
    tools = await childrenWith(source.replace(/\?.*/, ''), program.pid!);
    return tools.length > 0 && ready();
  });
  expect(await isAlive(tools[0]!)).toBe(true);
  await killed(program);
  await until(async () => !(await isAlive(tools[0]!)));
}

async function killed(child: ChildProcess): Promise<void> {
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await exited;
}

async function until(condition: () => Promise<boolean>, deadlineMs = 15_000): Promise<void> {
  const endMs = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`not within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
