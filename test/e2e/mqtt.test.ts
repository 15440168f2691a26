import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../src/flow/domain-event.ts';
import { CuttableWire } from '../fixtures/cuttable-wire.ts';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { type Heard, MqttListener } from '../fixtures/mqtt-listener.ts';
import { counts, startPublisher } from '../fixtures/publisher.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const EVENTS = 'ocellus/porch/cameras/front/events';
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function broker(login?: { username: string; password: string }): Promise<Mosquitto> {
  const mosquitto = await Mosquitto.start(login && { login });
  cleanups.push(() => mosquitto.stop());
  return mosquitto;
}

async function listen(mosquitto: Mosquitto, login = {}): Promise<MqttListener> {
  const listener = await MqttListener.open(mosquitto.url, login);
  cleanups.push(() => listener.close());
  return listener;
}

async function publish(...args: Parameters<typeof startPublisher>) {
  const rig = await startPublisher(...args);
  cleanups.push(() => rig.close(2_000));
  return rig;
}

function eventsOf(heard: readonly Heard[]): DomainEvent[] {
  return heard.filter(({ topic }) => topic === EVENTS).map(({ text }) => JSON.parse(text) as DomainEvent);
}

describe.each([
  { protocolVersion: 4, reason: 'MQTT 3.1.1' },
  { protocolVersion: 5, reason: 'MQTT 5' },
])('against Mosquitto, $reason', ({ protocolVersion }) => {
  it('says online, delivers events in order, and says offline at the end', async () => {
    const mosquitto = await broker();
    const listener = await listen(mosquitto);
    const { publisher, put, stored } = await publish({ url: mosquitto.url, protocolVersion });
    await put(100);
    await publisher.close(5_000);
    await listener.until(() => listener.last('ocellus/porch/availability') === 'offline', 'offline');
    expect(eventsOf(listener.heard)).toEqual(stored);
    expect(listener.heard.filter(({ topic }) => topic === EVENTS).every(({ qos }) => qos === 1)).toBe(true);
    expect(publisher.status).toMatchObject({ connected: false, queued: 0, dropped: 0 });
  });

  it('tells the truth again to a broker that forgot everything', async () => {
    const mosquitto = await broker();
    const { publisher } = await publish({ url: mosquitto.url, protocolVersion });
    publisher.counts('front', counts('person', 2, 1));
    publisher.motion('front', true);
    publisher.deviceState({ version: '1' });
    await waitUntil(() => publisher.status.queued === 0, 'events delivered');
    await mosquitto.kill();
    await waitUntil(() => !publisher.status.connected, 'connection lost');
    publisher.counts('front', counts('person', 3, 0));
    publisher.cameraState('front', { state: 'live', cause: null, sinceMs: 1 });
    await mosquitto.restart();
    await waitUntil(() => publisher.status.connected, 'connection');
    const listener = await listen(mosquitto);
    await listener.until(() => listener.last('ocellus/porch/availability'), 'availability');
    const front = 'ocellus/porch/cameras/front';
    expect(listener.last('ocellus/porch/availability')).toBe('online');
    expect(listener.last(`${front}/counts/person`)).toBe('3');
    expect(listener.last(`${front}/zones/drive/counts/person`)).toBe('0');
    expect(listener.last(`${front}/motion`)).toBe('ON');
    expect(JSON.parse(listener.last(`${front}/state`) ?? '')).toEqual({
      state: 'live',
      cause: null,
      sinceMs: 1,
    });
    expect(JSON.parse(listener.last('ocellus/porch/state') ?? '')).toEqual({
      version: '1',
      mqtt: { queued: 0, dropped: 0 },
    });
  });

  it('sends what a killed broker had not acknowledged, and only that, in order', async () => {
    const mosquitto = await broker();
    const listener = await listen(mosquitto);
    const wire = await CuttableWire.open(mosquitto.port);
    cleanups.push(() => wire.close());
    const url = `mqtt://127.0.0.1:${wire.port}`;
    const { publisher, put, stored } = await publish({ url, protocolVersion });
    await put(400);
    await listener.until((heard) => eventsOf(heard).length > 20, 'the first events');
    wire.isBlocked = true;
    await mosquitto.kill();
    await waitUntil(() => !publisher.status.connected, 'connection lost');
    const acknowledged = stored.length - publisher.status.queued;
    const before = eventsOf(listener.heard);
    await put(50);
    await mosquitto.restart();
    await listener.ready();
    wire.isBlocked = false;
    const newest = stored.at(-1)?.eventId;
    await listener.until((heard) => eventsOf(heard).some(({ eventId }) => eventId === newest), 'last event');
    const after = eventsOf(listener.heard).slice(before.length);
    expect(after).toEqual(stored.slice(acknowledged).map((event) => ({ ...event, replayed: true })));
    expect(before).toEqual(stored.slice(0, before.length));
  });
});

it('closes within its deadline when the broker hangs', async () => {
  const mosquitto = await broker();
  const { publisher, put, lines } = await publish({ url: mosquitto.url });
  await mosquitto.kill('SIGSTOP');
  await put(40);
  await publisher.close(1_000);
  await mosquitto.kill('SIGCONT');
  expect(publisher.status).toMatchObject({ connected: false, queued: 40 });
  expect(lines.at(-1)?.message).toBe('events wait on disk for the MQTT broker');
});

it('leaves its last will when its connection is cut, and comes back online', async () => {
  const mosquitto = await broker();
  const listener = await listen(mosquitto);
  const wire = await CuttableWire.open(mosquitto.port);
  cleanups.push(() => wire.close());
  const { publisher } = await publish({ url: `mqtt://127.0.0.1:${wire.port}` });
  const availability = () =>
    listener.heard.filter(({ topic }) => topic === 'ocellus/porch/availability').map(({ text }) => text);
  await listener.until(() => availability().length === 1, 'online');
  wire.cut();
  await listener.until(() => availability().length === 3, 'offline and online again');
  expect(availability()).toEqual(['online', 'offline', 'online']);
  expect(publisher.status).toMatchObject({ connected: true, lastError: null });
});

it('corrects what an earlier run left retained', async () => {
  const mosquitto = await broker();
  const listener = await listen(mosquitto);
  const root = 'ocellus/porch/cameras';
  const leftovers = {
    [`${root}/front/counts/person`]: '4',
    [`${root}/front/counts/dog`]: '1',
    [`${root}/front/zones/drive/counts/car`]: '2',
    [`${root}/front/zones/gone/counts/car`]: '2',
    [`${root}/old/state`]: '{}',
    [`${root}/old/counts/person`]: '1',
  };
  for (const [topic, payload] of Object.entries(leftovers))
    await listener.client.publishAsync(topic, payload, { retain: true, qos: 1 });
  await publish({ url: mosquitto.url });
  await listener.until(() => listener.last(`${root}/old/counts/person`) === '', 'cleared');
  await listener.until(() => listener.last(`${root}/front/zones/drive/counts/car`) === '0', 'zeroed');
  const fresh = await listen(mosquitto);
  await fresh.until(() => fresh.last(`${root}/front/counts/person`), 'retained');
  const retained = fresh.heard.filter(({ topic }) => topic.startsWith(root));
  expect(Object.fromEntries(retained.map(({ topic, text }) => [topic, text]))).toEqual({
    [`${root}/front/counts/person`]: '0',
    [`${root}/front/zones/drive/counts/car`]: '0',
  });
});

it('explains a wrong password once, and comes in when the password file is put right', async () => {
  const mosquitto = await broker({ username: 'porch', password: 'right' });
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-mqtt-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  const passwordFile = join(folder, 'pw');
  await writeFile(passwordFile, 'wrong\n');
  const { publisher, lines } = await publish({ url: mosquitto.url, username: 'porch', passwordFile });
  await waitUntil(() => publisher.status.lastError !== null, 'a failed attempt');
  expect(publisher.status.lastError).toBe(
    `the MQTT broker 127.0.0.1:${mosquitto.port} refused the user name or password ` +
      '(check mqtt.username and mqtt.password or mqtt.passwordFile)',
  );
  await writeFile(passwordFile, 'right\n');
  await waitUntil(() => publisher.status.connected, 'connection');
  expect(publisher.status.lastError).toBeNull();
  expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toMatch(/wrong|right/);
});

it('trusts a broker with TLS through its authority only, and says so where it does not', async () => {
  const mosquitto = await Mosquitto.start({ tls: true });
  cleanups.push(() => mosquitto.stop());
  const url = `mqtts://localhost:${mosquitto.port}`;
  const stranger = await publish({ url, clientId: 'stranger' });
  await waitUntil(() => stranger.publisher.status.lastError !== null, 'a failed attempt');
  expect(stranger.publisher.status.lastError).toBe(
    `the certificate of the MQTT broker localhost:${mosquitto.port} is not trusted: self-signed certificate ` +
      '(set mqtt.caFile to the authority that signed it, and use the name in the certificate in mqtt.url)',
  );
  const friend = await publish({ url, clientId: 'friend', caFile: mosquitto.caFile });
  expect(friend.publisher.status).toMatchObject({ connected: true, lastError: null });
  const plain = await publish({ url: mosquitto.url, clientId: 'plain' });
  await waitUntil(() => plain.publisher.status.lastError !== null, 'a failed attempt');
  expect(plain.publisher.status.connected).toBe(false);
});
