import { basename } from 'node:path';
import wabt from 'wabt';
import { read } from './project.ts';

/**
 * Assembles a kernel for WebAssembly with SIMD.
 *
 * @param file path of the .wat file from the project's root
 * @returns source of a module that exports the bytes as base64, named after the file: `yuv420.wat` gives `YUV420_WASM`
 */
export async function kernelModule(file: string): Promise<string> {
  const name = basename(file, '.wat');
  const { parseWat } = await wabt();
  const parsed = parseWat(file, read(file), { simd: true, sat_float_to_int: true });
  const { buffer } = parsed.toBinary({});
  parsed.destroy();
  const base64 = Buffer.from(buffer).toString('base64');
  return [
    `/** ${name}.wat, assembled by \`npm run generate\`, as base64. */`,
    `export const ${name.toUpperCase()}_WASM =\n  '${base64}';`,
    '',
  ].join('\n');
}
