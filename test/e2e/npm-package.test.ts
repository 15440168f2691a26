import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { scratch } from '../fixtures/owned.ts';
import { projectRoot } from '../fixtures/program.ts';

const run = promisify(execFile);

it('what `npm pack` makes is installed elsewhere by npm, and runs', async () => {
  const folder = await scratch('npm');
  const pack = ['pack', '--silent', '--pack-destination', folder];
  const { stdout: name } = await run('npm', pack, { cwd: projectRoot });
  const options = { cwd: folder, timeout: 240_000, maxBuffer: 16 << 20 };
  // ONNX Runtime's own install step would download CUDA from elsewhere.
  await run(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', join(folder, name.trim())],
    options,
  );
  for (const ofDevelopers of ['vitest', 'typescript', 'vite']) {
    expect(existsSync(join(folder, 'node_modules', ofDevelopers)), ofDevelopers).toBe(false);
  }
  const { stdout } = await run(
    join(folder, 'node_modules/.bin/ocellus'),
    ['demo', '--duration', '15'],
    options,
  );
  expect(stdout).toMatch(/street object\.started +(person|car|bicycle)/);
  expect(stdout).toMatch(/page|http:\/\/127\.0\.0\.1/);
}, 300_000);
