import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DomainEvent, domainEventSchema } from '../../../src/flow/domain-event.ts';
import { drafts } from '../../fixtures/domain-events.ts';
import { type IdlePreview, idlePreview } from '../../fixtures/idle-preview.ts';
import { waitUntil } from '../../fixtures/wait-until.ts';

let preview: IdlePreview;
let told: DomainEvent[];
const CLIP = Buffer.from(Array.from({ length: 1_000 }, (_, i) => i % 251));

beforeAll(async () => {
  preview = await idlePreview();
  const { store, folder } = preview;
  mkdirSync(join(folder, 'clips/front'), { recursive: true });
  mkdirSync(join(folder, 'snapshots/front'), { recursive: true });
  writeFileSync(join(folder, 'clips/front/a.mp4'), CLIP);
  writeFileSync(join(folder, 'snapshots/front/a.jpg'), 'picture');
  writeFileSync(join(folder, 'snapshots/front/a.crop.jpg'), 'crop');
  symlinkSync('/etc/passwd', join(folder, 'clips/front/link.mp4'));
  symlinkSync('/etc', join(folder, 'clips/etc'));
  const links = [
    { clip: 'clips/front/a.mp4', snapshot: 'snapshots/front/a.jpg' },
    { clip: '../../../../etc/passwd', snapshot: 'events.db' },
    { clip: 'clips/front/link.mp4', snapshot: 'clips/../events.db' },
    { clip: 'clips/etc/passwd', snapshot: '/etc/passwd' },
    { clip: 'clips/front', snapshot: 'snapshots/front/gone.jpg' },
    { clip: null, snapshot: null },
  ];
  for (const [i, link] of links.entries()) store.put({ ...drafts.started(`object-${i}`), ...link } as never);
  await waitUntil(() => store.history.lastSeq === links.length, 'all are stored');
  told = [...(await store.history.after(0, 100))];
});
afterAll(() => preview.stop());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${preview.url}${path}`, { headers });
const clip = (i: number, headers?: Record<string, string>) =>
  get(`/api/events/${told[i]!.eventId}/clip.mp4`, headers);

describe('search', () => {
  test('gives events as they were told, newest first, page by page', async () => {
    const seen: DomainEvent[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = (await (await get(`/api/events?limit=4${cursor && `&cursor=${cursor}`}`)).json()) as {
        events: DomainEvent[];
        nextCursor: string | null;
      };
      seen.push(...page.events.map((event) => domainEventSchema.parse(event)));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(told.toReversed());
  });

  test('takes its filters from the address', async () => {
    const found = async (query: string) =>
      ((await (await get(`/api/events?${query}`)).json()) as { events: DomainEvent[] }).events.map(
        ({ seq }) => seq,
      );
    expect(await found('object=object-2')).toEqual([3]);
    expect(await found('camera=yard')).toEqual([]);
    expect(await found('camera=yard&camera=front&type=object.started&label=person&limit=2')).toEqual([6, 5]);
    expect(await found(`fromMs=${told[0]!.atMs + 1}`)).toEqual([]);
  });

  test.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'fromMs=-1',
    'cursor=1;2',
    'type=nonsense',
    'attribute=plate',
    'page=2',
  ])('%s is refused with its name', async (query) => {
    const response = await get(`/api/events?${query}`);
    expect(response.status).toBe(400);
    const { issues } = (await response.json()) as { issues: { path: string; message: string }[] };
    expect(JSON.stringify(issues)).toContain(query.split('=')[0]);
  });
});

describe('recordings', () => {
  test('come whole', async () => {
    const response = await clip(0);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('video/mp4');
    expect(response.headers.get('accept-ranges')).toBe('bytes');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(CLIP);
    const again = await clip(0, { 'if-none-match': response.headers.get('etag')! });
    expect(again.status).toBe(304);
  });

  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    ['bytes=990-', 990, 999],
    ['bytes=-5', 995, 999],
    ['bytes=-5000', 0, 999],
    ['bytes=500-99999', 500, 999],
  ])('come in part: %s', async (range, start, end) => {
    const response = await clip(0, { range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/1000`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(CLIP.subarray(start, end + 1));
  });

  test.each(['bytes=1000-', 'bytes=-0'])('have no part %s', async (range) => {
    const response = await clip(0, { range });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */1000');
  });

  test.each(['bytes=5-2', 'bytes=a-b', 'items=0-1', 'bytes=0-1,5-6', 'bytes=-'])(
    'come whole for %s',
    async (range) => {
      expect((await clip(0, { range })).status).toBe(200);
    },
  );

  test('that changed meanwhile come whole', async () => {
    expect((await clip(0, { range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
  });

  test('and pictures outside of their folders are not there, whatever an event says', async () => {
    for (const i of [1, 2, 3, 4, 5]) {
      for (const name of ['clip.mp4', 'snapshot.jpg', 'crop.jpg']) {
        const response = await get(`/api/events/${told[i]!.eventId}/${name}`);
        expect([i, name, response.status]).toEqual([i, name, 404]);
      }
    }
  });

  test('have a picture and its crop', async () => {
    const picture = await get(`/api/events/${told[0]!.eventId}/snapshot.jpg`);
    expect([picture.headers.get('content-type'), await picture.text()]).toEqual(['image/jpeg', 'picture']);
    expect(await (await get(`/api/events/${told[0]!.eventId}/crop.jpg`)).text()).toBe('crop');
  });
});

describe('the stream', () => {
  /** Reads until so many messages came. */
  async function read(
    count: number,
    headers: Record<string, string>,
    query = '',
    during = async () => {},
  ): Promise<number[]> {
    const stop = new AbortController();
    const response = await fetch(`${preview.url}/api/events/stream${query}`, {
      headers,
      signal: stop.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    await during();
    let text = '';
    const ids = () =>
      text
        .split('\n\n')
        .slice(0, -1)
        .flatMap((message) => {
          const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(message) ?? [];
          if (id === undefined) return [];
          expect((JSON.parse(data ?? '') as DomainEvent).seq).toBe(Number(id));
          return [Number(id)];
        });
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk).toString();
      if (ids().length >= count) break;
    }
    stop.abort();
    return ids();
  }

  test('resumes after the last event that was had', async () => {
    expect(await read(3, { 'last-event-id': '3' })).toEqual([4, 5, 6]);
    expect(await read(2, {}, '?lastEventId=4')).toEqual([5, 6]);
  });

  test('goes over from past to present without a gap or a double, while events pour in', async () => {
    const { store } = preview;
    const from = store.history.lastSeq;
    for (let i = 0; i < 500; i++) store.put(drafts.started(`early-${i}`));
    const ids = await read(from + 900, { 'last-event-id': '0' }, '', async () => {
      for (let i = 0; i < 400; i++) {
        store.put(drafts.started(`late-${i}`));
        if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    expect(ids).toEqual(Array.from({ length: from + 900 }, (_, i) => i + 1));
  });

  test('without a place to resume from begins now, with what is asked for', async () => {
    const { store } = preview;
    const from = store.history.lastSeq;
    const ids = await read(1, {}, '?type=zone.entered', async () => {
      store.put(drafts.started('nobody'));
      store.put(drafts.entered('somebody', 'drive'));
    });
    expect(ids).toEqual([from + 2]);
  });
});
