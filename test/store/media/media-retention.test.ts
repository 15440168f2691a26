import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/log.ts';
import { MediaRetention, type MediaRetentionOptions } from '../../../src/store/media/media-retention.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const DAY_MS = 86_400_000;
const clock = new FakeClock();

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-retention-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function clip(name: string, bytes: number, ageDays = 0): Promise<void> {
  const path = join(folder, 'clips', 'hall', '2026-01-01', name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, Buffer.alloc(bytes));
  const atS = (clock.wallMs() - ageDays * DAY_MS) / 1000;
  await utimes(path, atS, atS);
}

async function left(): Promise<string[]> {
  return (await readdir(join(folder, 'clips', 'hall', '2026-01-01'))).sort();
}

function retention(limits: Partial<MediaRetentionOptions>): MediaRetention {
  const none = { maxBytes: 1e12, maxDays: 1e6, reserveBytes: 0 };
  return new MediaRetention({ folder, ...none, ...limits, clock, log: silentLogger });
}

it('removes the oldest until the rest fits, and leaves what is protected', async () => {
  await clip('a.mp4', 400, 4);
  await clip('a.mp4.keep', 0, 4);
  await clip('b.mp4', 400, 3);
  await clip('c.mp4', 400, 2);
  await clip('d.mp4', 400, 1);
  await retention({ maxBytes: 1200 }).sweep();
  expect(await left()).toEqual(['a.mp4', 'a.mp4.keep', 'c.mp4', 'd.mp4']);
});

it('removes what is older than its days', async () => {
  await clip('old.mp4', 10, 31);
  await clip('new.mp4', 10, 29);
  await retention({ maxDays: 30 }).sweep();
  expect(await left()).toEqual(['new.mp4']);
});

it.each([
  ['less than the reserve is free', Number.MAX_SAFE_INTEGER, false],
  ['there is enough', 0, true],
])('tells whether there is room: %s', async (_, reserveBytes, room) => {
  const keeper = retention({ reserveBytes });
  await keeper.start(new AbortController().signal);
  expect(keeper.hasRoom).toBe(room);
  await keeper.close();
});
