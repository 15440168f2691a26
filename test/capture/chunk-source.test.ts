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

/** The next chunk, copied, as it is valid until the next is asked for. */
function nextOf(chunks: PipeChunks): Promise<Buffer | undefined> {
  return new Promise((resolve) => chunks.next((chunk) => resolve(chunk && Buffer.from(chunk))));
}

describe('PipeChunks', () => {
  it.each([100, 4096, 1_000_000])('gives every byte in order through a buffer of %i', async (bufferBytes) => {
    const { chunks } = await piped('seq', ['1', '50000'], bufferBytes);
    const parts: Buffer[] = [];
    for (let chunk = await nextOf(chunks); chunk !== undefined; chunk = await nextOf(chunks))
      parts.push(chunk);
    const expected = Array.from({ length: 50_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(Buffer.concat(parts).toString()).toBe(expected);
    expect(await nextOf(chunks)).toBeUndefined();
  });

  it('goes on reading without a stop where the next chunk is asked for at once', async () => {
    const { chunks } = await piped('seq', ['1', '50000'], 100);
    let bytes = 0;
    await new Promise<void>((ended) => {
      const take = (chunk: Uint8Array | undefined) => {
        if (chunk === undefined) return ended();
        bytes += chunk.length;
        chunks.next(take);
      };
      chunks.next(take);
    });
    expect(bytes).toBe(288_894);
  });

  it('holds the writer back while nobody reads', async () => {
    const { child, chunks } = await piped('yes', [], 4096);
    await nextOf(chunks);
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
    const waiting = nextOf(chunks);
    chunks.destroy();
    expect(await waiting).toBeUndefined();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await new Promise((resolve) => setImmediate(resolve));
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
