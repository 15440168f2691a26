import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../src/capture/byte-reader.ts';
import { StreamChunks } from '../../src/capture/chunk-source.ts';

describe('ByteReader', () => {
  it('gives the bytes in order, however they were cut on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 20 }),
        fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 60 }), skip: fc.boolean() }), {
          maxLength: 20,
        }),
        async (chunks, reads) => {
          const all = Buffer.concat(chunks);
          const cut = chunks.map((chunk) => Buffer.from(chunk));
          const reader = new ByteReader(new StreamChunks(Readable.from(cut, { objectMode: false })));
          let at = 0;
          for (const { bytes, skip } of reads) {
            const target = new Uint8Array(bytes);
            const complete = skip ? await reader.skip(bytes) : await reader.readInto(target);
            expect(complete).toBe(at + bytes <= all.length);
            if (!complete) return;
            if (!skip) expect(Buffer.from(target)).toEqual(all.subarray(at, at + bytes));
            at += bytes;
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('holds the writer back while nobody reads', async () => {
    const pipe = new PassThrough({ highWaterMark: 1_000 });
    const reader = new ByteReader(new StreamChunks(pipe));
    let accepted = 0;
    while (pipe.write(new Uint8Array(500)) && accepted < 100) accepted += 1;
    expect(accepted).toBeLessThan(10);
    await reader.skip(500);
    pipe.destroy();
  });

  it('ends a read that waits when the pipe is destroyed', async () => {
    const pipe = new PassThrough();
    const read = new ByteReader(new StreamChunks(pipe)).readInto(new Uint8Array(10));
    pipe.destroy();
    expect(await read).toBe(false);
  });
});
