import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutboxEntry } from '../../src/flow/outbox-source.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { drafts } from '../fixtures/domain-events.ts';
import { makeStore, type StoreOptions } from '../fixtures/event-store.ts';
import { readStoredEvents } from '../fixtures/stored-events.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const DAY_MS = 86_400_000;

let folder: string;
const open: EventStore[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-store-'));
});
afterEach(async () => {
  for (const store of open.splice(0)) await store.close(5_000);
  await rm(folder, { recursive: true, force: true });
});

async function opened(options: StoreOptions = {}, path = folder) {
  const rig = makeStore(path, options);
  open.push(rig.store);
  await rig.start();
  const put = async (count: number) => {
    const all = rig.events.length + count;
    for (let i = 0; i < count; i++) rig.store.put(drafts.cameraState());
    await waitUntil(() => rig.events.length === all, 'events told');
  };
  return { ...rig, put };
}

/** Takes everything that the outbox hands out, until nothing waits. */
async function drain(store: EventStore): Promise<(OutboxEntry & { replayed: boolean })[]> {
  const taken: (OutboxEntry & { replayed: boolean })[] = [];
  await waitUntil(() => {
    for (let entry = store.outbox.next(); entry !== undefined; entry = store.outbox.next()) {
      taken.push({ ...entry, replayed: JSON.parse(entry.payload).replayed });
      store.outbox.acknowledge(entry.seq);
    }
    return store.outbox.status.queued === 0;
  }, 'an empty outbox');
  return taken;
}

describe('across runs', () => {
  it('numbers go on, and what the broker does not have waits, to be handed out as replayed', async () => {
    const first = await opened();
    first.store.outbox.connected();
    await first.put(3);
    first.store.outbox.acknowledge(first.store.outbox.next()!.seq);
    await first.store.close(5_000);
    const second = await opened();
    expect(second.store.outbox.status.queued).toBe(2);
    second.store.outbox.connected();
    await second.put(1);
    const taken = await drain(second.store);
    expect(taken.map(({ seq, replayed }) => [seq, replayed]).sort()).toEqual([
      [2, true],
      [3, true],
      [4, false],
    ]);
    expect(taken.find(({ seq }) => seq === 2)!.payload).toBe(
      JSON.stringify({ ...first.events[1], replayed: true }),
    );
  });

  it('ids go on in the order of seq although the clock was set back by a year', async () => {
    const clock = new FakeClock();
    const first = await opened({ clock });
    await first.put(2);
    await first.store.close(5_000);
    clock.setWallMs(clock.wallMs() - 365 * DAY_MS);
    const second = await opened({ clock });
    await second.put(2);
    const ids = [...first.events, ...second.events].map(({ eventId }) => eventId);
    expect(ids).toEqual([...ids].sort());
    expect(second.events.map(({ seq }) => seq)).toEqual([3, 4]);
  });

  it('objects and full zones that a crash left open are ended, but for those that somebody keeps', async () => {
    const first = await opened();
    first.store.put(drafts.started('left', ['drive']));
    first.store.put(drafts.entered('left', 'drive'));
    first.store.put(drafts.started('kept'));
    first.store.put(drafts.started('gone'));
    first.store.put(drafts.ended('gone'));
    first.store.put(drafts.occupied('drive', 'crowd'));
    await first.store.close(5_000);
    const second = await opened();
    const orphans = await second.store.orphans();
    expect(orphans.map(({ objectId }) => objectId)).toEqual(['left', 'kept']);
    await second.store.endOrphans(new Set(['kept']));
    await waitUntil(() => second.events.length === 3, 'ends');
    expect(second.events).toMatchObject([
      { type: 'zone.left', objectId: 'left', zone: 'drive', seq: 7 },
      { type: 'object.ended', objectId: 'left', cause: 'restarted', seq: 8 },
      { type: 'zone.cleared', zone: 'drive', rule: 'crowd', count: 0, seq: 9 },
    ]);
    expect((await second.store.orphans()).map(({ objectId }) => objectId)).toEqual(['kept']);
  });

  it('settings are kept until the configuration says something else', async () => {
    const first = await opened();
    await first.store.settings.set('cameras.front.fps', 2, 5);
    await first.store.settings.set('cameras.front.detect', false, true);
    await first.store.settings.set('cameras.front.detect', true, true);
    await first.store.close(5_000);
    const { settings } = (await opened()).store;
    expect(settings.get('cameras.front.fps', 5)).toBe(2);
    expect(settings.get('cameras.front.fps', 10)).toBeUndefined();
    expect(settings.get('cameras.front.detect', true)).toBeUndefined();
  });

  it('nothing waits for a broker that is not configured', async () => {
    const first = await opened();
    await first.put(2);
    await first.store.close(5_000);
    const second = await opened({ noBroker: true });
    await second.put(2);
    expect(second.store.outbox.status.queued).toBe(0);
    await second.store.close(5_000);
    expect(readStoredEvents(folder)).toHaveLength(4);
  });
});

describe('bounds', () => {
  it('drop the oldest that wait, count them and say so', async () => {
    const first = await opened({ outbox: { maxEvents: 100 } });
    await first.put(130);
    expect(first.store.outbox.status).toMatchObject({ queued: 100, dropped: 30 });
    expect(first.lines.filter(({ level }) => level === 'warn').length).toBeGreaterThan(0);
    await first.store.close(5_000);
    const second = await opened({ outbox: { maxEvents: 100 } });
    expect(second.store.outbox.status.dropped).toBe(30);
    second.store.outbox.connected();
    const taken = await drain(second.store);
    expect(taken.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, i) => 31 + i));
  });

  it('of age count the time that passed, not jumps of the clock', async () => {
    const clock = new FakeClock();
    const { store, put } = await opened({ clock, outbox: { maxDays: 2 } });
    await put(3);
    clock.setWallMs(clock.wallMs() + 3_650 * DAY_MS);
    await clock.advance(60_000);
    await put(1);
    expect(store.outbox.status).toMatchObject({ queued: 4, dropped: 0 });
    for (let day = 0; day < 3; day++) await clock.advance(DAY_MS);
    await waitUntil(async () => {
      await clock.advance(60_000);
      return store.outbox.status.queued === 0;
    }, 'old events dropped');
    expect(store.outbox.status.dropped).toBe(4);
  });

  it('count a restart as one day at most, whatever the clock says', async () => {
    const clock = new FakeClock();
    const first = await opened({ clock, outbox: { maxDays: 2 } });
    await first.put(3);
    await first.store.close(5_000);
    clock.setWallMs(clock.wallMs() + 3_650 * DAY_MS);
    const second = await opened({ clock, outbox: { maxDays: 2 } });
    await clock.advance(60_000);
    await second.put(1);
    expect(second.store.outbox.status).toMatchObject({ queued: 4, dropped: 0 });
  });

  it('forget history that the broker has, and keep what it does not', async () => {
    const clock = new FakeClock();
    const { store, put } = await opened({ clock, eventsDays: 1, outbox: { maxDays: 100 } });
    store.outbox.connected();
    await put(1_200);
    await drain(store);
    await clock.advance(1_000);
    await put(1);
    await clock.advance(2 * DAY_MS);
    for (let i = 0; i < 5; i++) {
      await clock.advance(60_000);
      await put(1);
    }
    await store.close(5_000);
    const kept = readStoredEvents(folder).map(({ seq }) => seq);
    expect(kept[0]).toBe(1_201);
    expect(kept).toHaveLength(6);
  });
});

describe('a disk that takes nothing more', () => {
  it('lets events be told live, says so once, and they are stored when there is space', async () => {
    const { store, put, lines, events } = await opened({ maxPages: 40 });
    store.outbox.connected();
    await put(400);
    expect(store.status).toMatchObject({ ok: false, error: expect.stringMatching(/full/) });
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    const taken = await drain(store);
    expect(taken.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(events.map(({ seq }) => seq));
    await store.close(5_000);
    const stored = readStoredEvents(folder).length;
    expect(stored).toBeLessThan(400);
    const next = await opened();
    await next.put(1);
    expect(next.events[0]!.seq, 'no number twice, although the last ones were never stored').toBe(401);
  });

  it.skipIf(process.getuid?.() !== 0 && process.env.CI === undefined)(
    'recovers by itself: a full file system that gets space again',
    async () => {
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
      try {
        const { store, put, events } = await opened({}, disk);
        const ballast = join(disk, 'ballast');
        await put(5);
        try {
          writeFileSync(ballast, Buffer.alloc(2 ** 20));
        } catch {
          // As much of it as fits.
        }
        await put(600);
        expect(store.status.ok).toBe(false);
        rmSync(ballast);
        execFileSync('mount', ['-o', 'remount,size=16m', disk]);
        await waitUntil(() => store.status.ok, 'recovery');
        await put(1);
        await store.close(5_000);
        expect(readStoredEvents(disk).map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq));
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );
});

describe('a disk that takes nothing at the start', () => {
  // A file system of its own, which only root can make; in CI it must be there.
  const mayMount = process.getuid?.() === 0 || process.env.CI !== undefined;
  let disk: string;
  beforeEach(() => {
    disk = join(folder, 'disk');
    mkdirSync(disk);
  });
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close(5_000);
    execFileSync('sh', ['-c', 'umount "$0" 2>/dev/null || true', disk]);
  });
  const mount = (options: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]);
  const remount = (options: string) => execFileSync('mount', ['-o', `remount,${options}`, disk]);
  function fill(): void {
    try {
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(2 ** 22));
    } catch {
      // As much of it as fits.
    }
  }

  it('lets the daemon start without a store, and events are told live', async () => {
    const { store, put, lines, events } = await opened({ maxPages: 1 });
    expect(store.status).toMatchObject({ ok: false, error: expect.stringMatching(/full/) });
    expect(await store.orphans()).toEqual([]);
    store.outbox.connected();
    await put(3);
    expect((await drain(store)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it.skipIf(!mayMount)('a new folder is made once there is space, with all that was told', async () => {
    mount('size=1m');
    fill();
    const { store, put, events } = await opened({}, disk);
    expect(store.status.ok).toBe(false);
    await put(3);
    rmSync(join(disk, 'ballast'));
    await waitUntil(() => store.status.ok, 'recovery');
    await put(1);
    await store.close(5_000);
    expect(readStoredEvents(disk).map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq));
  });

  it.skipIf(!mayMount).each([
    ['full', fill, () => rmSync(join(disk, 'ballast'))],
    ['read-only, as after an error of the disk', () => remount('ro'), () => remount('rw')],
  ])('what an earlier run left goes on: %s', async (_why, refuse, allow) => {
    mount('size=2m');
    const first = await opened({}, disk);
    await first.put(5);
    first.store.put(drafts.started('left'));
    await first.store.close(5_000);
    refuse();
    const second = await opened({}, disk);
    second.store.outbox.connected();
    await second.store.endOrphans();
    // More than fits beside a full disk.
    for (let i = 0; i < 1_500; i++) second.store.put(drafts.cameraState());
    await waitUntil(() => second.events.length >= 1_500, 'events told');
    expect(second.store.status.ok).toBe(false);
    expect(second.events[0]).toMatchObject({ seq: 7 });
    allow();
    await waitUntil(() => second.store.status.ok, 'recovery');
    await waitUntil(
      () => second.events.some(({ type }) => type === 'object.ended'),
      'the orphan to be ended',
    );
    const taken = await drain(second.store);
    await second.store.close(5_000);
    const stored = readStoredEvents(disk).map(({ seq }) => seq);
    expect(stored).toEqual(Array.from({ length: stored.length }, (_, i) => i + 1));
    // The first run's events and those of this one, each once.
    expect(taken.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(stored);
  });

  it.skipIf(!mayMount)('a read-only folder that never was a store is refused', async () => {
    mount('ro');
    await expect(makeStore(disk).start()).rejects.toThrow(/read-only/);
  });
});

describe('a folder that cannot be used is refused with what to do', () => {
  it('another Ocellus has it open', async () => {
    await opened();
    await expect(makeStore(folder).start()).rejects.toMatchObject({
      code: 'store_locked',
      message: `another Ocellus has ${join(folder, 'events.db')} open`,
      hint: 'end it first, or give each a storage.path of its own',
    });
  });

  it('a newer version wrote it', async () => {
    await (await opened()).store.close(5_000);
    const db = new Database(join(folder, 'events.db'));
    db.exec('PRAGMA user_version = 99');
    db.close();
    await expect(makeStore(folder).start()).rejects.toThrow(
      /newer version of Ocellus \(schema 99, this one knows \d+\)/,
    );
    expect(readdirSync(folder).filter((name) => name.includes('corrupt'))).toEqual([]);
  });

  it('it holds somebody else’s database', async () => {
    const db = new Database(join(folder, 'events.db'));
    db.exec('CREATE TABLE theirs (a)');
    db.close();
    await expect(makeStore(folder).start()).rejects.toThrow(/is a database, but not of Ocellus/);
  });

  it('it is a file', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    await expect(makeStore(path).start()).rejects.toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining(`the store's folder ${path} cannot be written`),
      hint: expect.stringContaining('set storage.path'),
    });
  });

  it('it may not be written', async () => {
    // Modes do not hold root back, a read-only mount does.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', folder]);
    else chmodSync(folder, 0o500);
    try {
      await expect(makeStore(join(folder, 'deeper')).start()).rejects.toThrow(/cannot be written/);
    } finally {
      if (isRoot) execFileSync('umount', [folder]);
      else chmodSync(folder, 0o700);
    }
  });
});

it('applies migrations in order, once', async () => {
  await (await opened()).store.close(5_000);
  const before = readFileSync(join(folder, 'events.db'));
  await (await opened()).store.close(5_000);
  const db = new Database(join(folder, 'events.db'));
  expect(db.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 2 });
  db.close();
  expect(before.length).toBeGreaterThan(0);
});
