import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exampleConfig } from '../../src/config/example.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { configReference } from '../../src/config/reference.ts';
import { idlePreview } from '../fixtures/idle-preview.ts';
import { kernelModule } from './kernel-module.ts';
import { root } from './project.ts';

// `npm run generate` is this test with --update: it writes the files anew.
describe('generated files are current', () => {
  test.each([
    ['config/schema.json', () => `${JSON.stringify(configJsonSchema(), null, 2)}\n`],
    ['config/example-full.yaml', exampleConfig],
    ['docs/reference/configuration.md', configReference],
    ['docs/reference/openapi.json', describedApi],
    ['src/infer/kernels/yuv420-wasm.ts', () => kernelModule('src/infer/kernels/yuv420.wat')],
  ])('%s', async (file, generate) => {
    await expect(await generate()).toMatchFileSnapshot(resolve(root, file));
  });
});

/** As a running server describes itself. */
async function describedApi(): Promise<string> {
  const preview = await idlePreview();
  const description = await (await fetch(`${preview.url}/api/openapi.json`)).json();
  await preview.stop();
  return `${JSON.stringify(description, null, 2)}\n`;
}
