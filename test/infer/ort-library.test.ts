import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createBackend } from '../../src/infer/backends.ts';
import { bundledLibrary, loadLibrary } from '../../src/infer/ort-c-api/library.ts';

const root = join(import.meta.dirname, '..', '..');
const directory = mkdtempSync(join(tmpdir(), 'ocellus-library-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A shared library that is loaded in every process and is not ONNX Runtime. */
function libc(): string {
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
  return sharedObjects.find((path) => /\/libc\.so/.test(path)) ?? expect.fail('no libc in this process');
}

function textFile(): string {
  const file = join(directory, 'libonnxruntime.so');
  writeFileSync(file, 'this is no library\n'.repeat(100));
  return file;
}

describe('loading libonnxruntime', () => {
  it('loads the bundled one once, checked', () => {
    const library = loadLibrary(bundledLibrary());
    expect(library.version).toMatch(/^1\.\d+\.\d+$/);
    expect(library.providers).toContain('CPUExecutionProvider');
    expect(loadLibrary(bundledLibrary())).toBe(library);
  });

  it.each([
    ['no file', () => '/nowhere/libonnxruntime.so', 'there is no such file'],
    ['a text file', textFile, 'invalid ELF header'],
    ['a directory', () => directory, 'cannot read file data'],
    ['another library', libc, 'it has no symbol OrtGetApiBase, so it is not ONNX Runtime'],
  ])('refuses %s', async (_why, path, reason) => {
    for (const backend of ['ort-c-api', 'auto'] as const) {
      await expect(createBackend({ backend, libonnxruntime: path() })).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringMatching(`^cannot use ${path()} as ONNX Runtime: .*${reason}`),
        hint: expect.stringMatching(
          /^name a libonnxruntime.so of 1.18 or newer for \w+-\w+, or leave libonnxruntime out/,
        ),
      });
    }
  });

  it('says so where onnxruntime-node brings no library', () => {
    expect(() => bundledLibrary('linux', 'mips')).toThrow(
      expect.objectContaining({
        code: 'backend_unavailable',
        message: 'onnxruntime-node brings no libonnxruntime for linux-mips',
        hint: 'name a libonnxruntime.so of 1.18 or newer in libonnxruntime',
      }),
    );
  });
});

describe('choosing the backend', () => {
  it('prefers the C API', async () => {
    expect((await createBackend({ backend: 'auto' })).name).toBe('ort-c-api');
  });

  it('does not take a library for a backend that cannot use it', async () => {
    await expect(
      createBackend({ backend: 'onnxruntime-node', libonnxruntime: '/x.so' }),
    ).rejects.toMatchObject({
      code: 'config_invalid',
      message: 'onnxruntime-node cannot use another libonnxruntime',
      hint: 'leave libonnxruntime out, or set backend: ort-c-api',
    });
  });

  it('falls back to onnxruntime-node, with the reason, where koffi is not installed', () => {
    const copy = join(directory, 'without-koffi');
    mkdirSync(join(copy, 'node_modules'), { recursive: true });
    cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(copy, 'package.json'));
    for (const name of readdirSync(join(root, 'node_modules'))) {
      if (name === 'koffi') continue;
      symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name));
    }
    const program = `
      import { createBackend } from './dist/infer/backends.js';
      const warnings = [];
      const log = { warn: (fields) => warnings.push(fields.reason) };
      const { name } = await createBackend({ backend: 'auto', log });
      const asked = await createBackend({ backend: 'ort-c-api', log }).catch((error) => error.code);
      console.log(JSON.stringify({ name, warnings, asked }));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: copy });
    expect(JSON.parse(output.toString())).toEqual({
      name: 'onnxruntime-node',
      warnings: [
        `koffi does not load on ${process.platform}-${process.arch} (set backend: onnxruntime-node)`,
      ],
      asked: 'backend_unavailable',
    });
  });
});
