import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CameraCommand } from '../../src/mqtt/commands.ts';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.ts';
import { freePort } from '../fixtures/mosquitto.ts';
import { MqttListener } from '../fixtures/mqtt-listener.ts';
import { startPublisher } from '../fixtures/publisher.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const FRONT = 'ocellus/porch/cameras/front';
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startBroker(port = 0): Promise<EmbeddedBroker> {
  const broker = new EmbeddedBroker(port);
  await broker.start();
  cleanups.push(() => broker.close());
  return broker;
}

async function start(...args: Parameters<typeof startPublisher>) {
  const rig = await startPublisher(...args);
  cleanups.push(() => rig.close(1_000));
  return rig;
}

async function listen(url: string): Promise<MqttListener> {
  const listener = await MqttListener.open(url);
  cleanups.push(() => listener.close());
  return listener;
}

describe('commands', () => {
  let listener: MqttListener;
  const taken: CameraCommand[] = [];

  beforeEach(async () => {
    taken.length = 0;
    const broker = await startBroker();
    listener = await listen(broker.url);
    const { publisher } = await start(
      { url: broker.url },
      {
        onCommand: async (command) => {
          taken.push(command);
          if (command.command === 'fps' && command.value === 13) throw new Error('the camera is away');
          return command.value ?? Buffer.from('picture');
        },
      },
    );
    publisher.publishRetained('probe', '1');
    await listener.until(() => listener.last('ocellus/porch/availability') === 'online', 'online');
  });

  it('are carried out, and their outcome is told', async () => {
    await listener.client.publishAsync(`${FRONT}/set/detect`, 'OFF', { qos: 1 });
    await listener.client.publishAsync(`${FRONT}/set/fps`, '7.5', { qos: 1 });
    await listener.client.publishAsync(`${FRONT}/set/snapshot`, '', { qos: 1 });
    await listener.until(() => listener.last(`${FRONT}/snapshot`), 'snapshot');
    expect(listener.last(`${FRONT}/detect`)).toBe('OFF');
    expect(listener.last(`${FRONT}/fps`)).toBe('7.5');
    expect(listener.last(`${FRONT}/snapshot`)).toBe('picture');
  });

  it('that cannot be carried out are answered with the reason', async () => {
    await listener.client.publishAsync(`${FRONT}/set/fps`, 'fast', { qos: 1 });
    await listener.until(() => listener.last(`${FRONT}/fps/error`), 'first error');
    expect(JSON.parse(listener.last(`${FRONT}/fps/error`) ?? '')).toEqual({
      error: '"fast" is no value for fps (send a number from 0.1 to 120)',
    });
    await listener.client.publishAsync(`${FRONT}/set/fps`, '13', { qos: 1 });
    await listener.until((heard) => heard.some(({ text }) => text.includes('away')), 'second error');
    expect(listener.last(`${FRONT}/fps`)).toBeUndefined();
  });

  it('to nobody, of no meaning, or retained do nothing', async () => {
    await listener.client.publishAsync('ocellus/porch/cameras/back/set/fps', '5', { qos: 1 });
    await listener.client.publishAsync(`${FRONT}/set/explode`, '5', { qos: 1 });
    await listener.client.publishAsync(`${FRONT}/set/detect`, 'ON', { qos: 1 });
    await listener.until(() => listener.last(`${FRONT}/detect`), 'the last one');
    expect(taken).toEqual([{ cameraId: 'front', command: 'detect', value: true }]);
  });
});

it('falls back to MQTT 3.1.1 where the broker knows no other', async () => {
  const broker = await startBroker();
  const { publisher, lines } = await start({ url: broker.url, protocolVersion: 5 });
  expect(publisher.status.connected).toBe(true);
  expect(lines.map(({ message }) => message)).toContain('the MQTT broker does not speak MQTT 5; using 3.1.1');
});

it('starts without a broker, keeps the newest events, and tells what it lost', async () => {
  const port = await freePort();
  const { publisher, put } = await start({ url: `mqtt://127.0.0.1:${port}` }, {}, { maxEvents: 100 });
  publisher.deviceState({ version: '1' });
  await put(150);
  expect(publisher.status).toMatchObject({ connected: false, queued: 100, dropped: 50 });
  expect(publisher.status.lastError).toBe(
    `nothing accepts connections at the MQTT broker 127.0.0.1:${port} ` +
      '(check that the broker runs, and host and port in mqtt.url)',
  );
  const broker = await startBroker(port);
  const listener = await listen(broker.url);
  await waitUntil(() => publisher.status.connected, 'connection');
  await listener.until(
    (heard) => heard.filter(({ topic }) => topic.endsWith('/events')).length === 100,
    'events',
  );
  const events = listener.heard
    .filter(({ topic }) => topic === `${FRONT}/events`)
    .map(({ text }) => JSON.parse(text) as { seq: number; replayed: boolean });
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, i) => 51 + i));
  expect(events.every(({ replayed }) => replayed)).toBe(true);
  expect(JSON.parse(listener.last('ocellus/porch/state') ?? '')).toMatchObject({ mqtt: { dropped: 50 } });
  expect(JSON.parse(listener.last('ocellus/porch/outbox') ?? '')).toEqual({
    queued: 100,
    oldestAtMs: 1_700_000_000_000,
    dropped: 50,
  });
  await put(1);
  await listener.until(
    (heard) => heard.some(({ text }) => text.includes('"seq":151') && text.includes('"replayed":false')),
    'a live event',
  );
});

it('explains an unresolvable host', async () => {
  const { publisher } = await start({ url: 'mqtt://no-such-host.invalid' });
  await waitUntil(() => publisher.status.lastError !== null, 'a failed attempt');
  expect(publisher.status.lastError).toBe(
    'the host of the MQTT broker no-such-host.invalid:1883 cannot be resolved ' +
      '(check the host name in mqtt.url and the DNS of this device)',
  );
});

it('explains a password file that cannot be read', async () => {
  const broker = await startBroker();
  const { publisher } = await start({ url: broker.url, username: 'u', passwordFile: '/nonexistent/pw' });
  await waitUntil(() => publisher.status.lastError !== null, 'a failed attempt');
  expect(publisher.status.lastError).toBe(
    "mqtt.passwordFile /nonexistent/pw cannot be read: ENOENT: no such file or directory, open '/nonexistent/pw' " +
      '(check that the file exists and that the user of the daemon may read it)',
  );
});

it('closes at once while there is no broker, and says what waits', async () => {
  const { publisher, put, lines } = await start({ url: `mqtt://127.0.0.1:${await freePort()}` });
  await put(1);
  await publisher.close(60_000);
  expect(lines.at(-1)).toMatchObject({
    level: 'info',
    fields: { events: 1 },
    message: 'events wait on disk for the MQTT broker',
  });
});

it('publishes tracks only where they are asked for', async () => {
  const broker = await startBroker();
  const listener = await listen(broker.url);
  const silent = await start({ url: broker.url, clientId: 'silent' });
  const talking = await start({ url: broker.url, clientId: 'talking', tracks: true });
  silent.publisher.publishTracks('front', [{ from: 'silent' }]);
  talking.publisher.publishTracks('front', [{ from: 'talking' }]);
  await listener.until(() => listener.last(`${FRONT}/tracks`), 'tracks');
  expect(listener.heard.filter(({ topic }) => topic === `${FRONT}/tracks`)).toEqual([
    { topic: `${FRONT}/tracks`, text: '[{"from":"talking"}]', retain: false, qos: 0 },
  ]);
});

it('says what waits in the outbox when that changes, not with every event', async () => {
  const broker = await startBroker();
  const listener = await listen(broker.url);
  const { publisher, put } = await start({ url: broker.url });
  publisher.deviceState({ version: '1' });
  const told = () => listener.heard.filter(({ topic }) => topic === 'ocellus/porch/outbox');
  await listener.until(() => told().length === 1, 'the first report');
  await put(50);
  await listener.until((heard) => heard.some(({ text }) => text.includes('"seq":50')), 'events');
  // All of them have passed before anybody could be told that they waited, and nothing else is refreshed here.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(told().length).toBeLessThanOrEqual(3);
  expect(JSON.parse(told().at(-1)!.text)).toEqual({ queued: 0, oldestAtMs: null, dropped: 0 });
});

describe('what a device left under an earlier name', () => {
  const announcement = (id: string) =>
    JSON.stringify({
      device: { identifiers: [`ocellus_${id}`] },
      origin: { name: 'Ocellus' },
      components: { a: { platform: 'sensor' } },
    });

  it.each([
    ['is cleared where that is offline', 'offline', true],
    ['stays where another device has that name now', 'online', false],
  ])('%s', async (_why, availability, cleared) => {
    const broker = await startBroker();
    const left = {
      'ocellus/yard/availability': availability,
      'ocellus/yard/state': '{}',
      'ocellus/yard/cameras/front/counts/car': '2',
      'homeassistant/device/ocellus_yard/config': announcement('yard'),
      'homeassistant/device/ocellus_shed/config': announcement('shed'),
    };
    const before = await listen(broker.url);
    for (const [topic, payload] of Object.entries(left)) {
      await before.client.publishAsync(topic, payload, { qos: 1, retain: true });
    }
    await start({ url: broker.url }, { earlierDeviceIds: () => ['yard', 'porch'] });
    await before.until(() => before.last('ocellus/porch/availability') === 'online', 'online');
    const kept = cleared ? ['homeassistant/device/ocellus_shed/config'] : Object.keys(left);
    const retained = async () => {
      const later = await MqttListener.open(broker.url);
      await later.until(() => later.last('ocellus/porch/availability'), 'what is retained');
      await new Promise((resolve) => setTimeout(resolve, 100));
      await later.close();
      return Object.keys(left).filter((topic) => later.last(topic));
    };
    await waitUntil(async () => (await retained()).length === kept.length, 'the end of it');
    expect(await retained()).toEqual(kept);
  });
});

it('events that wait when the device is renamed keep the name they happened under, on the topics of the new one', async () => {
  const port = await freePort();
  const url = `mqtt://127.0.0.1:${port}`;
  // The store seals events as `porch`.
  const { put } = await start({ url }, { deviceId: 'yard' });
  await put(2);
  const broker = await startBroker(port);
  const listener = await listen(broker.url);
  const told = () => listener.heard.filter(({ topic }) => topic === 'ocellus/yard/cameras/front/events');
  await listener.until(() => told().length === 2, 'events');
  expect(told().map(({ text }) => JSON.parse(text))).toMatchObject([
    { deviceId: 'porch', seq: 1 },
    { deviceId: 'porch', seq: 2 },
  ]);
});
