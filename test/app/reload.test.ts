import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { freePort, Mosquitto } from '../fixtures/mosquitto.ts';
import { MqttListener } from '../fixtures/mqtt-listener.ts';
import { DEMO_MODEL, type RunningDaemon, runDaemon } from '../fixtures/running-daemon.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(sections: Record<string, unknown>): Promise<RunningDaemon> {
  const daemon = await runDaemon(sections);
  open.push(() => daemon.stop());
  return daemon;
}

async function brokers(count: number): Promise<{ broker: Mosquitto; listener: MqttListener }[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const broker = await Mosquitto.start();
      open.push(() => broker.stop());
      const listener = await MqttListener.open(broker.url);
      open.push(() => listener.close());
      return { broker, listener };
    }),
  );
}

const get = async (daemon: RunningDaemon, path: string, headers = {}) => {
  const response = await fetch(`${daemon.url}${path}`, { headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const street = (seed: number, more: object = {}) => ({
  source: `sim://scene?seed=${seed}`,
  detect: { fps: 5 },
  motion: { mode: 'off' },
  ...more,
});
const states = (daemon: RunningDaemon, cameraId: string) =>
  daemon.events.flatMap((event) =>
    event.type === 'camera.state' && event.cameraId === cameraId ? [event.state] : [],
  );
const isLive = (daemon: RunningDaemon, cameraId: string) => states(daemon, cameraId).at(-1) === 'live';
const started = (daemon: RunningDaemon, cameraId: string) =>
  daemon.events.filter((event) => event.type === 'object.started' && event.cameraId === cameraId).length;

it('cameras come and go, at the broker, in Home Assistant and over HTTP; the one that stays notices nothing', async () => {
  const [{ broker, listener }] = (await brokers(1)) as [{ broker: Mosquitto; listener: MqttListener }];
  const mqtt = { url: broker.url, homeAssistant: { discovery: true } };
  const daemon = await start({ mqtt, cameras: { front: street(7), gone: street(8) } });
  await waitUntil(
    () => isLive(daemon, 'front') && started(daemon, 'gone') > 0,
    'an object at the gone camera',
  );
  const announced = (id: string) => listener.last(`homeassistant/device/ocellus_porch_${id}/config`);
  await listener.until(() => announced('gone'), 'both are announced');
  const objects = daemon.events.filter(({ cameraId }) => cameraId === 'gone');
  expect(objects.length).toBeGreaterThan(0);

  const report = await daemon.reload({ mqtt, cameras: { front: street(7), added: street(9) } });
  expect(report).toMatchObject({
    outcome: 'applied',
    changed: ['cameras.gone', 'cameras.added'],
    restartNeeded: [],
    failures: [],
  });
  await listener.until(
    () => listener.last('ocellus/porch/cameras/gone/state') === '',
    'its state is cleared',
  );
  const left = new Map(listener.heard.map(({ topic, text }) => [topic, text]));
  for (const [topic, text] of left) {
    if (/^ocellus\/porch\/cameras\/gone\/(?!events)/.test(topic)) expect(text, topic).toBe('');
  }
  expect(announced('gone')).toBe('');
  await listener.until(() => announced('added'), 'the new one is announced');
  const of = (type: string) =>
    daemon.events.filter((event) => event.type === type && event.cameraId === 'gone').length;
  await waitUntil(() => of('object.ended') === of('object.started'), 'every object of it has its end');
  expect(states(daemon, 'gone').at(-1)).toBe('disabled');
  await waitUntil(() => isLive(daemon, 'added'), 'the new one is live');
  const { body } = await get(daemon, '/api/cameras');
  expect((body.cameras as { cameraId: string }[]).map(({ cameraId }) => cameraId)).toEqual([
    'front',
    'added',
  ]);
  expect((await get(daemon, '/api/cameras/gone')).status).toBe(404);
  expect(states(daemon, 'front'), 'the other was never interrupted').toEqual(['connecting', 'live']);
  const { body: device } = await get(daemon, '/api/device');
  expect(device.reload).toEqual(report);
  await listener.until(
    () => (JSON.parse(listener.last('ocellus/porch/state') ?? '{}') as { reload?: unknown }).reload,
    'the report is in the topic state',
  );
}, 60_000);

it('a source that changes restarts its camera alone; what is parked there stays the same object', async () => {
  const parked = (fps: number) =>
    street(7, { source: 'sim://scene?seed=7&parked=1&rate=0', detect: { fps } });
  const daemon = await start({ cameras: { front: parked(5), yard: street(8) } });
  const stationary = () =>
    daemon.events.find((event) => 'stationary' in event && event.stationary && event.cameraId === 'front');
  await waitUntil(() => stationary() !== undefined, 'the parked car is at rest', 40_000);
  const counts = async () => (await get(daemon, '/api/cameras/front')).body.counts;
  expect(await counts()).toEqual({ car: 1 });
  const report = await daemon.reload({ cameras: { front: parked(6), yard: street(8) } });
  expect(report).toMatchObject({ outcome: 'applied', changed: ['cameras.front.detect.fps'] });
  const again = ['connecting', 'live', 'connecting', 'live'];
  await waitUntil(() => states(daemon, 'front').join() === again.join(), 'it is live again');
  expect(await counts()).toEqual({ car: 1 });
  expect(started(daemon, 'front')).toBe(1);
  expect(
    daemon.events.filter((event) => event.type === 'object.ended' && event.cameraId === 'front'),
  ).toEqual([]);
  expect(states(daemon, 'yard')).toEqual(['connecting', 'live']);
}, 60_000);

it('a camera is switched off and on, and its detection', async () => {
  const daemon = await start({ cameras: { front: street(7), yard: street(8) } });
  await waitUntil(() => isLive(daemon, 'front') && isLive(daemon, 'yard'), 'both are live');
  await daemon.reload({
    cameras: {
      front: street(7, { enabled: false }),
      yard: street(8, { detect: { fps: 5, enabled: false } }),
    },
  });
  await waitUntil(() => states(daemon, 'front').at(-1) === 'disabled', 'it is off');
  expect((await get(daemon, '/api/cameras/yard')).body).toMatchObject({
    detectEnabled: false,
    enabled: true,
  });
  await daemon.reload({ cameras: { front: street(7), yard: street(8) } });
  await waitUntil(() => isLive(daemon, 'front'), 'it is live again');
  expect((await get(daemon, '/api/cameras/yard')).body).toMatchObject({ detectEnabled: true });
  expect(states(daemon, 'yard')).toEqual(['connecting', 'live']);
}, 60_000);

it.each([
  ['an unknown key', { cameras: { front: street(7, { zonse: {} }) } }, /unknown key "zonse"/],
  ['a model that is not there', { models: { default: { file: '/nowhere.onnx' } } }, /nowhere/],
  ['a model that is none', { models: { default: { file: 'FOLDER/text.onnx' } } }, /text\.onnx/],
])('%s changes nothing, and is reported', async (_, sections, why) => {
  const cameras = { front: street(7) };
  const daemon = await start({ cameras });
  writeFileSync(join(daemon.folder, 'text.onnx'), 'no model');
  await waitUntil(() => isLive(daemon, 'front'), 'it is live');
  const wanted = JSON.parse(
    JSON.stringify({ cameras: { front: street(9) }, ...sections }).replace('FOLDER', daemon.folder),
  ) as Record<string, unknown>;
  const report = await daemon.reload(wanted);
  expect(report.outcome).toBe('refused');
  expect(report.failures.map(({ message }) => message).join()).toMatch(why);
  expect(daemon.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { message: 'the configuration was not taken over: nothing changed' },
  ]);
  expect((await get(daemon, '/api/device')).body.reload).toMatchObject({ outcome: 'refused' });
  expect((await get(daemon, '/api/cameras/front')).body.source).toBe('sim://scene?seed=7');
  expect(states(daemon, 'front')).toEqual(['connecting', 'live']);
  expect((await daemon.reload({ cameras })).outcome).toBe('unchanged');
});

it('another model is warm before its cameras move over, and the old one is closed then', async () => {
  const models = { default: { file: DEMO_MODEL }, second: { file: DEMO_MODEL } };
  const cameras = { front: street(7), yard: street(8, { model: 'second' }) };
  const daemon = await start({ models, cameras });
  await waitUntil(() => started(daemon, 'front') > 0 && isLive(daemon, 'yard'), 'they are looked at');
  const before = daemon.lines.length;
  const report = await daemon.reload({
    models: { ...models, default: { file: DEMO_MODEL, sessions: 2 } },
    cameras,
  });
  expect(report).toMatchObject({ outcome: 'applied', changed: ['models.default.sessions'] });
  await waitUntil(
    () => states(daemon, 'front').filter((state) => state === 'live').length === 2,
    'it is live again',
  );
  const told = daemon.lines
    .slice(before)
    .map(({ message, fields }) => `${message} ${fields.model ?? fields.state ?? ''}`);
  expect(told.indexOf('model is ready default')).toBeGreaterThanOrEqual(0);
  expect(told.indexOf('model is ready default')).toBeLessThan(told.indexOf('camera state changed live'));
  expect(states(daemon, 'yard')).toEqual(['connecting', 'live']);
  const { body } = await get(daemon, '/api/device');
  expect(body.models).toMatchObject([
    { name: 'default', sessions: 2, healthySessions: 2 },
    { name: 'second', sessions: 1 },
  ]);
  const inferred = async () =>
    ((await get(daemon, '/api/cameras/front')).body.frames as Record<string, number>).inferred ?? 0;
  const sofar = await inferred();
  let now = sofar;
  await waitUntil(() => {
    void inferred().then((count) => {
      now = count;
    });
    return now > sofar + 3;
  }, 'the new one infers');
}, 60_000);

it('another broker gets what is true, and every event once; a broker that goes and comes is one too', async () => {
  const [first, second] = (await brokers(2)) as [
    { broker: Mosquitto; listener: MqttListener },
    { broker: Mosquitto; listener: MqttListener },
  ];
  const cameras = { front: street(7), yard: street(8) };
  const daemon = await start({ mqtt: { url: first.broker.url }, cameras });
  await waitUntil(() => started(daemon, 'front') > 0, 'an object');
  const report = await daemon.reload({ mqtt: { url: second.broker.url }, cameras });
  expect(report).toMatchObject({ outcome: 'applied', changed: ['mqtt.url'] });
  const there = (topic: string) => second.listener.last(`ocellus/porch/${topic}`);
  await second.listener.until(() => there('availability') === 'online', 'it is online at the second');
  expect(first.listener.last('ocellus/porch/availability')).toBe('offline');
  await second.listener.until(() => there('cameras/front/state')?.includes('"live"'), 'states are told');
  expect(there('cameras/yard/enabled')).toBe('ON');
  await waitUntil(() => daemon.events.length > 8, 'events at the second');
  const seqs = ({ listener }: typeof first) =>
    listener.heard
      .filter(({ topic }) => topic.endsWith('/events'))
      .map(({ text }) => (JSON.parse(text) as { seq: number }).seq);
  const last = daemon.events.at(-1)!.seq;
  await second.listener.until(() => seqs(second).includes(last), 'all of them');
  expect([...new Set([...seqs(first), ...seqs(second)])].sort((a, b) => a - b).slice(0, last)).toEqual(
    Array.from({ length: last }, (_, i) => i + 1),
  );

  await daemon.reload({ cameras });
  await second.listener.until(() => there('availability') === 'offline', 'it is gone');
  await daemon.reload({ mqtt: { url: first.broker.url }, cameras });
  await first.listener.until(
    () => first.listener.last('ocellus/porch/availability') === 'online',
    'it is back',
  );
  expect(states(daemon, 'front')).toEqual(['connecting', 'live']);
}, 60_000);

it('users are taken over in place, and the address when it can be had', async () => {
  const token = (name: string) => name.repeat(32);
  const tokens = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, { tokenFile: join(daemonFolder, name), role: 'admin' }]));
  let daemonFolder = '';
  const cameras = { front: street(7) };
  const daemon = await start({ cameras });
  daemonFolder = daemon.folder;
  for (const name of ['a', 'b']) writeFileSync(join(daemon.folder, name), token(name));
  expect((await get(daemon, '/api/cameras')).status).toBe(200);
  expect(await daemon.reload({ cameras, http: { tokens: tokens('a') } })).toMatchObject({
    changed: ['http.tokens.a'],
  });
  const as = (name: string) => ({ authorization: `Bearer ${token(name)}` });
  expect((await get(daemon, '/api/cameras')).status, 'nobody without a token').toBe(401);
  expect((await get(daemon, '/api/cameras', as('a'))).status).toBe(200);
  writeFileSync(join(daemon.folder, 'a'), token('b'));
  expect(await daemon.reload({ cameras, http: { tokens: tokens('a') } })).toMatchObject({
    outcome: 'applied',
    changed: ['http.tokens.a.secret'],
  });
  expect((await get(daemon, '/api/cameras', as('a'))).status, 'the file holds another one now').toBe(401);
  expect((await get(daemon, '/api/cameras', as('b'))).status).toBe(200);

  const taken = await Mosquitto.start();
  open.push(() => taken.stop());
  const refused = await daemon.reload({
    cameras: { front: street(7, { enabled: false }) },
    http: { listen: `127.0.0.1:${taken.port}` },
  });
  expect(refused.outcome).toBe('partly');
  expect(refused.failures).toMatchObject([{ part: 'http' }]);
  expect(refused.failures[0]!.message).toContain('EADDRINUSE');
  expect((await get(daemon, '/api/cameras')).status, 'the old address goes on, by the new users').toBe(200);
  await waitUntil(() => states(daemon, 'front').at(-1) === 'disabled', 'all else is in force');

  const port = await freePort();
  const moved = await daemon.reload({ cameras, http: { listen: `127.0.0.1:${port}` } });
  expect(moved).toMatchObject({ outcome: 'applied', failures: [] });
  expect((await fetch(`http://127.0.0.1:${port}/api/cameras`)).status).toBe(200);
  await expect(fetch(`${daemon.url}/api/cameras`)).rejects.toThrow();
}, 60_000);

it('what it cannot take over while it runs is named, and the rest is in force', async () => {
  const daemon = await start({ cameras: { front: street(7) } });
  const report = await daemon.reload({
    device: { id: 'gate' },
    cameras: { front: street(7, { lines: { gate: { from: [0.5, 1], to: [0.5, 0.4] } } }) },
  });
  expect(report).toMatchObject({ outcome: 'applied', restartNeeded: ['device.id'] });
  expect((await get(daemon, '/api/session')).body.deviceId).toBe('porch');
  expect((await get(daemon, '/api/cameras/front')).body.lines).toMatchObject([{ lineId: 'gate' }]);
  expect((await daemon.daemon.reload()).restartNeeded, 'still').toEqual(['device.id']);
});

it('one that is asked for while the daemon stops is refused, and it stops all the same', async () => {
  const daemon = await start({ cameras: { front: street(7), yard: street(8) } });
  await waitUntil(() => isLive(daemon, 'front'), 'it is live');
  const going = daemon.reload({ cameras: { front: street(9), added: street(8) } });
  const stopped = daemon.stop();
  open.splice(0);
  expect(['applied', 'refused', 'partly']).toContain((await going).outcome);
  await stopped;
  expect((await daemon.daemon.reload()).outcome).toBe('refused');
  expect(daemon.lines.filter(({ message }) => message === 'service failed to close')).toEqual([]);
});
