import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import { findProgram, startTool, type ToolProcess } from '../../src/capture/child-process.ts';

const clock = new SystemClock();
const started: ToolProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((tool) => tool.end(0)));
});

/** Starts a shell that says "ready" when its traps are set. */
async function shell(script: string): Promise<ToolProcess> {
  const tool = await startTool({ program: 'sh', args: ['-c', script], aptPackage: 'dash', clock });
  started.push(tool);
  return tool;
}

function firstOutput(tool: ToolProcess): Promise<string> {
  return new Promise((resolve) =>
    tool.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())),
  );
}

describe('startTool', () => {
  it('ends a tool that heeds SIGTERM without force', async () => {
    const tool = await shell('echo ready; exec sleep 60');
    await firstOutput(tool);
    expect(await tool.end(10_000)).toEqual({ code: null, signal: 'SIGTERM', forced: false });
  });

  it('kills a tool that does not, and says so', async () => {
    const tool = await shell('trap "" TERM; echo ready; while :; do sleep 0.05; done');
    await firstOutput(tool);
    expect(await tool.end(100)).toEqual({ code: null, signal: 'SIGKILL', forced: true });
  });

  it('ends a tool whose output nobody reads', async () => {
    const tool = await shell('exec yes');
    expect((await tool.end(5_000)).signal).toBe('SIGTERM');
  });

  it('reports a tool that ended by itself, however often it is ended', async () => {
    const tool = await shell('exit 3');
    expect(await tool.exited).toEqual({ code: 3, signal: null, forced: false });
    expect(await tool.end(0)).toEqual(await tool.end(0));
  });

  it('is killed with its parent by the kernel', async () => {
    const tool = await shell('grep -c . /dev/null; exec setpriv --dump');
    const text = await new Promise<string>((resolve) => {
      let all = '';
      tool.stdout.on('data', (data: Buffer) => {
        all += data.toString();
      });
      tool.stdout.once('end', () => resolve(all));
    });
    expect(text).toMatch(/Parent death signal: +(KILL|SIGKILL|9)/i);
  });

  it('reads the lines of a chatty tool, and tells their end once', async () => {
    const script =
      'i=0; while [ $i -lt 5000 ]; do echo "line $i of many" >&2; i=$((i + 1)); done; printf last >&2';
    const tool = await startTool({
      program: 'sh',
      args: ['-c', script],
      aptPackage: 'dash',
      chatty: true,
      clock,
    });
    started.push(tool);
    const lines: string[] = [];
    let ends = 0;
    await new Promise<void>((resolve) => {
      tool.eachErrorLine(
        (line) => lines.push(line),
        () => {
          ends += 1;
          resolve();
        },
      );
    });
    await tool.end(5_000);
    expect(lines).toEqual([...Array.from({ length: 5000 }, (_, i) => `line ${i} of many`), 'last']);
    expect(ends).toBe(1);
  });

  it('leaves no descriptor of a chatty tool behind, read or not', async () => {
    const before = readdirSync('/proc/self/fd').length;
    for (const script of ['exec sleep 60', 'exec yes >&2']) {
      const tool = await startTool({
        program: 'sh',
        args: ['-c', script],
        aptPackage: 'dash',
        pictureFd: 1,
        chatty: true,
        clock,
      });
      await tool.end(5_000);
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  it.each(['no-such-program-anywhere', '/etc/passwd', '/nowhere/ffmpeg'])(
    'names the package when %s cannot be started',
    async (program) => {
      await expect(startTool({ program, args: [], aptPackage: 'ffmpeg', clock })).rejects.toMatchObject({
        code: 'tool_missing',
        message: `cannot start ${program}: not found`,
        hint: 'install it with: sudo apt-get install ffmpeg',
      });
    },
  );
});

describe('findProgram', () => {
  it('looks along PATH, and takes a path as it is', async () => {
    expect(await findProgram('sh')).toMatch(/^\/.*\/sh$/);
    expect(await findProgram(process.execPath)).toBe(process.execPath);
    expect(await findProgram('no-such-program-anywhere')).toBeUndefined();
  });
});
