import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DeviceNames } from '../../src/app/device-names.ts';
import { silentLogger } from '../../src/base/log.ts';
import { makeStore } from '../fixtures/event-store.ts';

it('a device knows the names that it had in earlier runs, newest first and each once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-names-'));
  const earlier: (readonly string[])[] = [];
  for (const name of ['porch', 'porch', 'yard', 'porch', 'shed']) {
    const { store, start } = makeStore(folder);
    await start();
    const names = new DeviceNames(store.settings, silentLogger);
    await names.note(name);
    earlier.push(names.earlier);
    await store.close(5_000);
  }
  await rm(folder, { recursive: true });
  expect(earlier).toEqual([[], [], ['porch'], ['yard'], ['porch', 'yard']]);
});

it('a disk that takes nothing costs the note, not the start', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-names-'));
  const { store, start } = makeStore(folder, { maxPages: 1 });
  await start();
  const names = new DeviceNames(store.settings, silentLogger);
  await names.note('porch');
  expect(names.earlier).toEqual([]);
  await store.close(5_000);
  await rm(folder, { recursive: true });
});
