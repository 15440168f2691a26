import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { eachLine, LineSplitter } from '../../src/capture/lines.ts';

/** The lines of a text that comes in chunks of `chunkBytes`. */
function split(text: string, chunkBytes: number): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  const bytes = Buffer.from(text);
  // One buffer for all chunks, as a pipe's reader has it.
  const chunk = Buffer.alloc(chunkBytes);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const length = bytes.copy(chunk, 0, at, at + chunkBytes);
    splitter.push(chunk.subarray(0, length));
  }
  splitter.end();
  return lines;
}

describe('LineSplitter', () => {
  it.each([
    ['lines of Unix', 'one\ntwo\n', ['one', 'two']],
    ['a last line without its end', 'one\ntwo', ['one', 'two']],
    ['lines of DOS', 'one\r\ntwo\r\n', ['one', 'two']],
    ['progress that overwrites itself', 'one\rtwo\rthree', ['one', 'two', 'three']],
    ['empty lines', '\n\none\n\n', ['one']],
    ['letters of several bytes', 'Türöffner\n门口🚪\n', ['Türöffner', '门口🚪']],
    ['nothing', '', []],
  ])('cuts %s, wherever the chunks end', (_, text, lines) => {
    for (const chunkBytes of [1, 2, 3, 5, 100]) expect(split(text, chunkBytes)).toEqual(lines);
  });

  it('keeps no more than 4,096 characters of a line without an end', () => {
    expect(split(`${'x'.repeat(1_000_000)}\nnext\n`, 1_000).map((line) => line.length)).toEqual([
      expect.toSatisfy((length: number) => length < 6_000),
      4,
    ]);
  });
});

describe('eachLine', () => {
  it('says once when there will be no more, after the last line', async () => {
    const stream = new PassThrough();
    const told: string[] = [];
    const ended = new Promise<void>((resolve) => {
      eachLine(
        stream,
        (line) => told.push(line),
        () => {
          told.push('end');
          resolve();
        },
      );
    });
    stream.end('one\ntwo');
    await ended;
    expect(told).toEqual(['one', 'two', 'end']);
  });
});
