import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import type { DomainEvent } from '../../src/flow/domain-event.ts';
import { drafts } from '../fixtures/domain-events.ts';
import { makeStore } from '../fixtures/event-store.ts';
import { readStoredEvents } from '../fixtures/stored-events.ts';

const WRITER = fileURLToPath(new URL('../fixtures/store-writer.mjs', import.meta.url));
const CYCLES = 30;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-crashes-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the writer and kills it after so long. @returns what it told: `seq eventId` */
async function writeAndKill(seed: number, afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [WRITER, folder, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (text === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    text += chunk.toString();
  });
  const [, signal] = await once(child, 'close');
  expect(signal).toBe('SIGKILL');
  return text.split('\n').slice(0, -1);
}

it(`keeps every event that was told, numbers without a gap and ends every object, over ${CYCLES} times kill -9`, async () => {
  const random = seededRandom(5);
  const told: string[] = [];
  for (let cycle = 0; cycle < CYCLES; cycle++) told.push(...(await writeAndKill(cycle, random() * 120)));
  const { store, start, lines } = makeStore(folder);
  await start();
  expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
  await store.endOrphans();
  await store.close(5_000);
  const stored = readStoredEvents(folder);
  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, index) => index + 1));
  const ids = new Set(stored.map(({ seq, eventId }) => `${seq} ${eventId}`));
  expect(told.length).toBeGreaterThan(CYCLES);
  expect(told.filter((line) => !ids.has(line))).toEqual([]);
  expect(stored.map(({ eventId }) => eventId)).toEqual(stored.map(({ eventId }) => eventId).sort());
  const objects = (type: DomainEvent['type']) =>
    stored.flatMap((event) => (event.type === type && 'objectId' in event ? [event.objectId] : []));
  expect(objects('object.ended').sort()).toEqual(objects('object.started').sort());
}, 120_000);

it('goes on after a torn or garbled WAL, and never gives a number twice', async () => {
  const random = seededRandom(9);
  const seen = new Map<number, string>();
  for (let cycle = 0; cycle < 20; cycle++) {
    const told = await writeAndKill(cycle, 20 + random() * 60);
    for (const line of told) {
      const [seq, eventId] = line.split(' ') as [string, string];
      expect(seen.get(Number(seq)) ?? eventId, `seq ${seq} in cycle ${cycle}`).toBe(eventId);
      seen.set(Number(seq), eventId);
    }
    damage(join(folder, 'events.db-wal'), random);
  }
  const { store, start, events } = makeStore(folder);
  await start();
  store.put(drafts.cameraState());
  await store.close(5_000);
  expect(events[0]!.seq).toBeGreaterThan(Math.max(...seen.keys()));
}, 120_000);

/** Cuts a file off or overwrites a piece of it, at a random place: what a power cut and a lying disk leave. */
function damage(path: string, random: () => number): void {
  if (!existsSync(path)) return;
  const { size } = statSync(path);
  const at = Math.floor(random() * size);
  if (random() < 0.5) truncateSync(path, at);
  else {
    const bytes = readFileSync(path);
    for (let i = at; i < Math.min(size, at + 512); i++) bytes[i] = Math.floor(random() * 256);
    writeFileSync(path, bytes);
  }
}

it.each([
  ['its header', 0],
  ['its first page', 200],
  ['its middle', 0.5],
])(
  'sets a database aside whose bytes are wrong in %s, says so, and numbers on above it',
  async (_, where) => {
    const first = makeStore(folder);
    await first.start();
    for (let i = 0; i < 200; i++) first.store.put(drafts.started(`o${i}`));
    await first.store.close(5_000);
    const path = join(folder, 'events.db');
    const bytes = readFileSync(path);
    const at = where < 1 && where > 0 ? Math.floor(bytes.length * where) : where;
    bytes.fill(0xa5, at, at + 9_000);
    writeFileSync(path, bytes);
    await rm(`${path}-wal`, { force: true });
    // Not closed in order, as after a power cut.
    writeFileSync(join(folder, 'high-water.json'), `${JSON.stringify({ seq: 200, clean: false })}\n`);
    const second = makeStore(folder);
    await second.start();
    second.store.put(drafts.cameraState());
    await second.store.close(5_000);
    expect(second.events.map(({ seq }) => seq)).toEqual([201]);
    expect(second.lines[0]).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('the store was damaged'),
    });
    expect(readdirSync(folder).filter((name) => /\.corrupt-.*Z$/.test(name))).toHaveLength(1);
  },
);
