import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/log.ts';
import { MediaRetention, type MediaRetentionOptions } from '../../../src/store/media/media-retention.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { waitUntil } from '../../fixtures/wait-until.ts';

const DAY_MS = 86_400_000;
const clock = new FakeClock();
const CLIPS = 'clips/hall/2026-01-01';
const VIEWS = 'snapshots/hall/2026-01-01';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-retention-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, bytes: number, ageDays = 0): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, Buffer.alloc(bytes));
  const atS = (clock.wallMs() - ageDays * DAY_MS) / 1000;
  await utimes(path, atS, atS);
}

async function left(day = CLIPS): Promise<string[]> {
  return (await readdir(join(folder, day)).catch(() => [])).sort();
}

function retention(limits: Partial<MediaRetentionOptions>): MediaRetention {
  const none = { maxBytes: 1e12, maxDays: 1e6 };
  const options = { clips: none, snapshots: none, reserveBytes: 0, ...limits };
  return new MediaRetention({ folder, ...options, clock, log: silentLogger });
}

it('removes the oldest until the rest fits, and leaves what is protected', async () => {
  await file(`${CLIPS}/a.mp4`, 400, 4);
  await file(`${CLIPS}/a.mp4.keep`, 0, 4);
  await file(`${CLIPS}/b.mp4`, 400, 3);
  await file(`${CLIPS}/c.mp4`, 400, 2);
  await file(`${CLIPS}/d.mp4`, 400, 1);
  await retention({ clips: { maxBytes: 1200, maxDays: 1e6 } }).sweep();
  expect(await left()).toEqual(['a.mp4', 'a.mp4.keep', 'c.mp4', 'd.mp4']);
});

it('removes what is older than its days', async () => {
  await file(`${CLIPS}/old.mp4`, 10, 31);
  await file(`${CLIPS}/new.mp4`, 10, 29);
  await retention({ clips: { maxBytes: 1e12, maxDays: 30 } }).sweep();
  expect(await left()).toEqual(['new.mp4']);
});

it('keeps best views by limits of their own, and a crop with its picture', async () => {
  for (const [name, ageDays] of [
    ['a', 9],
    ['b', 8],
    ['c', 1],
  ] as const) {
    await file(`${VIEWS}/${name}.jpg`, 100, ageDays);
    await file(`${VIEWS}/${name}.crop.jpg`, 50, ageDays);
  }
  await file(`${VIEWS}/a.jpg.keep`, 0);
  await file(`${CLIPS}/a.mp4`, 10_000, 9);
  await retention({ snapshots: { maxBytes: 300, maxDays: 5 } }).sweep();
  expect(await left(VIEWS)).toEqual(['a.crop.jpg', 'a.jpg', 'a.jpg.keep', 'c.crop.jpg', 'c.jpg']);
  expect(await left()).toEqual(['a.mp4']);
});

it('goes by days over all cameras, and removes folders that are empty', async () => {
  await file('snapshots/yard/2026-01-02/late.jpg', 100, 2);
  await file('snapshots/hall/2026-01-01/early.jpg', 100, 3);
  await file('snapshots/yard/2026-01-01/early.jpg', 100, 3);
  await retention({ snapshots: { maxBytes: 100, maxDays: 1e6 } }).sweep();
  const names = await readdir(join(folder, 'snapshots'), { recursive: true });
  expect(names.sort()).toEqual(['hall', 'yard', 'yard/2026-01-02', 'yard/2026-01-02/late.jpg']);
});

it('sees what was added since it looked last', async () => {
  const keeper = retention({ snapshots: { maxBytes: 250, maxDays: 1e6 } });
  await file(`${VIEWS}/a.jpg`, 200, 2);
  await keeper.sweep();
  await file(`${VIEWS}/b.jpg`, 200, 1);
  await keeper.sweep();
  expect(await left(VIEWS)).toEqual(['b.jpg']);
});

it('takes breaks from removing, and stops in one when it is closed', async () => {
  for (let at = 0; at < 250; at++) await file(`${VIEWS}/${String(at).padStart(3, '0')}.jpg`, 1, 300 - at);
  const keeper = retention({ snapshots: { maxBytes: 1e12, maxDays: 1 } });
  const done = keeper.sweep();
  await waitUntil(() => clock.pending > 0, 'a break');
  expect(await left(VIEWS)).toHaveLength(150);
  await keeper.close();
  await done;
  expect(await left(VIEWS)).toHaveLength(150);
});

it('removes half-written views that a crash left', async () => {
  await file(`${VIEWS}/a.jpg.part`, 10);
  await file(`${VIEWS}/b.jpg`, 10);
  const keeper = retention({});
  await keeper.start(new AbortController().signal);
  await keeper.close();
  expect(await left(VIEWS)).toEqual(['b.jpg']);
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
