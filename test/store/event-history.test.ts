import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DomainEvent, EventDraft } from '../../src/flow/domain-event.ts';
import type { EventQuery } from '../../src/flow/event-query.ts';
import { drafts } from '../fixtures/domain-events.ts';
import { makeStore, type StoreRig } from '../fixtures/event-store.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const BASE_MS = 1_700_000_000_000;
const EVENTS = 9_000;

let folder: string;
let rig: StoreRig;

/** Every ninth is a car on the yard, which wears a plate; the others are persons in front, now and then in the drive. */
function draft(i: number): EventDraft {
  const atMs = BASE_MS + i * 1_000;
  if (i % 9 === 0) {
    const attributes = { plate: { value: `AB ${i}`, score: 0.9 } };
    return { ...drafts.started(`car-${i}`), cameraId: 'yard', label: 'car', atMs, attributes } as EventDraft;
  }
  if (i % 9 === 1) return { ...drafts.entered(`person-${i}`, 'drive'), atMs };
  if (i % 9 === 2) return { ...drafts.started(`person-${i}`, ['drive', 'lawn']), atMs };
  return { ...drafts.started(`person-${i}`), atMs };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ocellus-history-'));
  rig = makeStore(folder, { noBroker: true });
  await rig.start();
  for (let i = 1; i <= EVENTS; i++) rig.store.put(draft(i));
  await waitUntil(() => rig.events.length === EVENTS, 'every event is stored');
});

afterAll(async () => {
  await rig.store.close(5_000);
  rmSync(folder, { recursive: true, force: true });
});

async function all(query: Omit<EventQuery, 'limit'>, limit = 200): Promise<DomainEvent[]> {
  const found: DomainEvent[] = [];
  let beforeSeq: number | undefined;
  for (;;) {
    const page = await rig.store.history.search({ ...query, limit, beforeSeq });
    expect(page.events.length).toBeLessThanOrEqual(limit);
    found.push(...page.events);
    if (page.nextBeforeSeq === null) return found;
    beforeSeq = page.nextBeforeSeq;
  }
}

const seqs = (events: readonly DomainEvent[]) => events.map(({ seq }) => seq);
const expected = (holds: (event: DomainEvent) => boolean) => seqs(rig.events.filter(holds).toReversed());

describe('a search finds just what matches, newest first, page by page', () => {
  const label = (event: DomainEvent) => ('label' in event ? event.label : '');
  test.each<[string, Omit<EventQuery, 'limit'>, (event: DomainEvent) => boolean]>([
    ['everything', {}, () => true],
    ['a camera', { cameraIds: ['yard'] }, ({ cameraId }) => cameraId === 'yard'],
    ['no camera', { cameraIds: [] }, () => false],
    ['a label', { label: 'car' }, (event) => label(event) === 'car'],
    ['a camera and a label that it never sees', { cameraIds: ['front'], label: 'car' }, () => false],
    ['a type', { types: ['zone.entered'] }, ({ type }) => type === 'zone.entered'],
    [
      'a zone that was entered or holds the object',
      { zone: 'drive' },
      ({ seq }) => seq % 9 === 1 || seq % 9 === 2,
    ],
    ['a zone that holds the object', { zone: 'lawn' }, ({ seq }) => seq % 9 === 2],
    ['an object', { objectId: 'car-18' }, ({ seq }) => seq === 18],
    ['an attribute', { attribute: { name: 'plate', value: 'AB 81' } }, ({ seq }) => seq === 81],
    ['another attribute of that value', { attribute: { name: 'hat', value: 'AB 81' } }, () => false],
    ['words in any order and case', { text: 'YARD ab 8991' }, ({ seq }) => seq === 8991],
    ['words that SQL knows', { text: `' OR 1=1 -- %` }, () => false],
    ['a time', { fromMs: BASE_MS + 100_000, toMs: BASE_MS + 104_000 }, ({ seq }) => seq >= 100 && seq <= 104],
    [
      'a time, a camera and a label',
      { fromMs: BASE_MS + 100_000, cameraIds: ['yard', 'front'], label: 'car' },
      (event) => event.seq >= 100 && label(event) === 'car',
    ],
    ['a time without events', { fromMs: BASE_MS * 2 }, () => false],
  ])('%s', async (_, query, holds) => {
    expect(seqs(await all(query))).toEqual(expected(holds));
  });
});

test('pages neither repeat nor skip an event, whatever their size', async () => {
  for (const limit of [1, 7, 13]) {
    const found = await all({ cameraIds: ['yard'], fromMs: BASE_MS + 8_900_000 }, limit);
    expect(seqs(found)).toEqual(expected(({ seq, cameraId }) => cameraId === 'yard' && seq >= 8_900));
  }
});

test('an event is found by its id, wherever it stands', async () => {
  for (const seq of [1, 2, 4_500, EVENTS - 1, EVENTS]) {
    const event = rig.events[seq - 1]!;
    expect(await rig.store.history.byId(event.eventId)).toEqual(event);
  }
  expect(await rig.store.history.byId('00000000-0000-7000-8000-000000000000')).toBeUndefined();
  expect(await rig.store.history.byId('ffffffff-ffff-7fff-bfff-ffffffffffff')).toBeUndefined();
});

test('what came after a number is read in order', async () => {
  expect(seqs(await rig.store.history.after(EVENTS - 3, 100))).toEqual([EVENTS - 2, EVENTS - 1, EVENTS]);
  expect(seqs(await rig.store.history.after(10, 3))).toEqual([11, 12, 13]);
  expect(await rig.store.history.after(EVENTS, 3)).toEqual([]);
});

test('subscribers hear each event once it can be found, until they leave', async () => {
  const own = mkdtempSync(join(tmpdir(), 'ocellus-history-'));
  const { store, start } = makeStore(own);
  await start();
  const heard: number[] = [];
  const leave = store.history.subscribe(({ seq }) => heard.push(seq));
  store.put(draft(1));
  store.put(draft(2));
  await waitUntil(() => heard.length === 2, 'both were heard');
  expect(store.history.lastSeq).toBe(2);
  expect(seqs(await store.history.after(0, 10))).toEqual([1, 2]);
  leave();
  store.put(draft(3));
  await waitUntil(() => store.history.lastSeq === 3, 'the third is stored');
  expect(heard).toEqual([1, 2]);
  await store.close(5_000);
  rmSync(own, { recursive: true, force: true });
});

test('events that the disk does not take are found all the same', async () => {
  const own = mkdtempSync(join(tmpdir(), 'ocellus-history-'));
  const { store, start, events } = makeStore(own, { maxPages: 40 });
  await start();
  for (let i = 1; i <= 600; i++) store.put(draft(i));
  await waitUntil(() => events.length === 600, 'all were told');
  expect(store.status.ok).toBe(false);
  expect(seqs(await store.history.after(590, 100))).toEqual([
    591, 592, 593, 594, 595, 596, 597, 598, 599, 600,
  ]);
  expect(await store.history.byId(events[599]!.eventId)).toEqual(events[599]);
  await store.close(5_000);
  rmSync(own, { recursive: true, force: true });
});
