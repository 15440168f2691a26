import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DEMO_MODEL, type RunningDaemon, runDaemon } from '../../fixtures/running-daemon.ts';
import { waitUntil } from '../../fixtures/wait-until.ts';

const TEXT = `# the porch
device: { id: porch }
models: { default: { file: '${DEMO_MODEL}' } }
storage: { path: '\${env:STORAGE}' }
http: { listen: '127.0.0.1:0' }
cameras:
  front:
    # the street
    source: sim://scene?seed=7&password=\${env:CAM_PW}
    detect: { fps: 6 }
    motion: { mode: 'off' }
    zones:
      old: { polygon: [[0, 0], [0.1, 0], [0.1, 0.1]] } # of no use
`;

let daemon: RunningDaemon;
beforeAll(async () => {
  daemon = await runDaemon(TEXT.replace('&password=${env:CAM_PW}', ''));
  chmodSync(daemon.configFile, 0o640);
}, 60_000);
afterAll(() => daemon?.stop());

const everywhere = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

async function revision(): Promise<string> {
  return ((await (await fetch(`${daemon.url}/api/config`)).json()) as { revision: string }).revision;
}

async function edit(body: unknown, ifMatch?: string): Promise<Response> {
  return fetch(`${daemon.url}/api/config/cameras/front`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'if-match': `"${ifMatch ?? (await revision())}"` },
    body: JSON.stringify(body),
  });
}

const text = () => readFileSync(daemon.configFile, 'utf8');
const started = () => daemon.events.filter(({ type }) => type === 'object.started').length;

test('a zone that is drawn is in force at once, in the file with its comments, and objects keep their ids', async () => {
  await waitUntil(() => started() >= 1, 'an object is there');
  const before = daemon.events.length;
  const response = await edit({ zones: { all: { polygon: everywhere } } });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ revision: await revision(), restartNeeded: false });
  const known = daemon.events
    .slice(0, before)
    .flatMap((event) => ('objectId' in event ? [event.objectId] : []));
  const entered = () =>
    daemon.events.find((event) => event.type === 'zone.entered' && known.includes(event.objectId));
  await waitUntil(() => entered() !== undefined, 'somebody who was there is in the zone');
  expect(entered()).toMatchObject({ zone: 'all', boxNorm: expect.any(Array) });
  expect(text()).toContain('# the porch');
  expect(text()).toContain('# the street');
  expect(text()).toContain("path: '${env:STORAGE}'");
  expect((parse(text()) as { cameras: { front: { zones: object } } }).cameras.front.zones).toEqual({
    all: { polygon: everywhere },
  });
  expect(statSync(daemon.configFile).mode & 0o777).toBe(0o640);
  expect(readdirSync(daemon.folder).filter((name) => name.endsWith('.new'))).toEqual([]);
});

test('an edit of what was changed meanwhile, or of no stated revision, is refused', async () => {
  const old = await revision();
  expect((await edit({ lines: { gate: { from: [0.1, 0.5], to: [0.9, 0.5] } } })).status).toBe(200);
  expect((await edit({ lines: {} }, old)).status).toBe(412);
  const none = await fetch(`${daemon.url}/api/config/cameras/front`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(none.status).toBe(428);
});

test.each([
  [
    'a polygon that crosses itself',
    {
      zones: {
        z: {
          polygon: [
            [0, 0],
            [1, 1],
            [1, 0],
            [0, 1],
          ],
        },
      },
    },
    'zones.z.polygon',
  ],
  [
    'a point outside of the picture',
    {
      masks: [
        [
          [0, 0],
          [1, 0],
          [1, 2],
        ],
      ],
    },
    'masks.0.2.1',
  ],
  ['a line without length', { lines: { l: { from: [0.5, 0.5], to: [0.5, 0.5] } } }, 'lines.l.to'],
  ['limits in the wrong order', { objects: { car: { minArea: 0.5, maxArea: 0.1 } } }, 'objects.car.minArea'],
  ['a name that cannot be', { zones: { 'a b': { polygon: everywhere } } }, 'zones.a b'],
])('%s is refused with its place, and changes nothing', async (_, body, path) => {
  const before = text();
  const response = await edit(body);
  expect(response.status).toBe(422);
  const { issues } = (await response.json()) as { issues: { path: string; message: string }[] };
  expect(issues.map((issue) => issue.path)).toContain(path);
  expect(text()).toBe(before);
});

test('a setting that is none of the editable ones is refused', async () => {
  expect((await edit({ source: 'file:/etc/passwd' })).status).toBe(422);
  expect((await edit({ motion: { mode: 'on' } })).status).toBe(422);
});

test('earlier texts are kept, for their owner alone, and can be gone back to', async () => {
  const listed = (await (await fetch(`${daemon.url}/api/config/revisions`)).json()) as {
    current: string;
    revisions: { revision: string; atMs: number }[];
  };
  expect(listed.revisions[0]!.revision).toBe(listed.current);
  const folder = join(daemon.folder, 'revisions');
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  const first = listed.revisions.at(-1)!.revision;
  const response = await fetch(`${daemon.url}/api/config/revisions/${first}/restore`, {
    method: 'POST',
    headers: { 'if-match': listed.current },
  });
  expect(await response.json()).toEqual({ revision: first, restartNeeded: false });
  expect(text()).toContain('# of no use');
  const camera = (await (await fetch(`${daemon.url}/api/cameras/front`)).json()) as {
    zones: { zoneId: string }[];
  };
  expect(camera.zones.map(({ zoneId }) => zoneId)).toEqual(['old']);
  const unknown = await fetch(`${daemon.url}/api/config/revisions/${'0'.repeat(16)}/restore`, {
    method: 'POST',
    headers: { 'if-match': first },
  });
  expect(unknown.status).toBe(404);
});

test('a score below what the detector was opened for is in force at once', async () => {
  const response = await edit({ objects: { car: { minScore: 0.05 } } });
  expect(await response.json()).toMatchObject({ restartNeeded: false });
});
