import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../house/project.ts';

interface Output {
  readonly fileName: string;
  readonly bytes: Buffer;
}

let outputs: readonly Output[];
beforeAll(async () => {
  const result = await build({
    root: `${root}src/preview/page`,
    configFile: `${root}vite.config.ts`,
    logLevel: 'error',
    build: { write: false },
  });
  if (!('output' in result)) throw new Error('the page is one build');
  outputs = result.output.map((file) => ({
    fileName: file.fileName,
    bytes: Buffer.from(file.type === 'chunk' ? file.code : file.source),
  }));
}, 60_000);

const textOf = (suffix: string) =>
  outputs
    .filter(({ fileName }) => fileName.endsWith(suffix))
    .map(({ bytes }) => bytes.toString())
    .join('\n');

describe('the built page', () => {
  test('is less than 150 kB, gzipped', () => {
    const bytes = outputs.reduce((sum, file) => sum + gzipSync(file.bytes).length, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(150_000);
  });

  test('has nothing inline, which its policy would refuse', () => {
    const html = textOf('.html');
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
  });

  test('names no other address', () => {
    const addresses =
      `${textOf('.js')}${textOf('.css')}${textOf('.html')}`.match(/\b(https?|wss?):\/\/[\w.-]+/g) ?? [];
    // A name of a namespace, never fetched.
    expect(addresses.filter((address) => !address.endsWith('//www.w3.org'))).toEqual([]);
  });
});
