import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PipeChunks } from '../../src/capture/chunk-source.ts';
import { openPipe } from '../../src/capture/native-pipe.ts';

/** A program whose stdout is a pipe of ours. */
async function piped(program: string, args: string[], bufferBytes: number) {
  const pipe = await openPipe(64 * 1024);
  if (pipe === undefined) throw new Error('no pipe');
  const child = spawn(program, args, { stdio: ['ignore', pipe.writeFd, 'ignore'] });
  closeSync(pipe.writeFd);
  return { child, chunks: new PipeChunks(pipe.readFd, bufferBytes) };
}

describe('PipeChunks', () => {
  it.each([100, 4096, 1_000_000])('gives every byte in order through a buffer of %i', async (bufferBytes) => {
    const { chunks } = await piped('seq', ['1', '50000'], bufferBytes);
    const parts: Buffer[] = [];
    for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next()) {
      parts.push(Buffer.from(chunk));
    }
    const expected = Array.from({ length: 50_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(Buffer.concat(parts).toString()).toBe(expected);
    expect(await chunks.next()).toBeUndefined();
  });

  it('holds the writer back while nobody reads', async () => {
    const { child, chunks } = await piped('yes', [], 4096);
    await chunks.next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    // A writer that runs would have used most of this time; one that is held back sleeps in its write.
    const [state] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!;
    expect(state).toBe('S');
    chunks.destroy();
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('ends a read that waits, and its descriptor, when destroyed', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const { child, chunks } = await piped('sleep', ['30'], 4096);
    const waiting = chunks.next();
    chunks.destroy();
    expect(await waiting).toBeUndefined();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await new Promise((resolve) => setImmediate(resolve));
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
