import { afterEach, expect, it } from 'vitest';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { MqttListener } from '../fixtures/mqtt-listener.ts';
import { type RunningDaemon, runDaemon } from '../fixtures/running-daemon.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const everywhere = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];
const ANNOUNCEMENT = /^homeassistant\/device\/[^/]*front\/config$/;
const COUNT = /^ocellus\/porch\/cameras\/front\/zones\/lawn\/counts\/car$/;

interface Announced {
  readonly components: Record<string, { readonly platform: string; readonly state_topic?: string }>;
}

async function setZones(daemon: RunningDaemon, zones: unknown): Promise<void> {
  const address = `${daemon.url}/api/config`;
  const { revision } = (await (await fetch(address)).json()) as { revision: string };
  const response = await fetch(`${address}/cameras/front`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'if-match': revision },
    body: JSON.stringify({ zones }),
  });
  expect(response.status).toBe(200);
}

it('a zone that is drawn appears at the broker and in Home Assistant, and goes when it is taken out', async () => {
  const broker = await Mosquitto.start();
  open.push(() => broker.stop());
  const listener = await MqttListener.open(broker.url);
  open.push(() => listener.close());
  const camera = { source: 'sim://scene?seed=7', detect: { fps: 4 }, objects: { car: {}, person: {} } };
  const daemon = await runDaemon({
    mqtt: { url: broker.url, homeAssistant: { discovery: true } },
    cameras: { front: camera },
  });
  open.push(() => daemon.stop());
  const newest = (topic: RegExp) => listener.heard.findLast((heard) => topic.test(heard.topic))?.text;
  const entities = () =>
    Object.values((JSON.parse(newest(ANNOUNCEMENT) ?? '{"components":{}}') as Announced).components).filter(
      ({ state_topic: state }) => state !== undefined && COUNT.test(state),
    );

  await listener.until(() => newest(ANNOUNCEMENT), 'the camera is announced');
  expect(entities()).toEqual([]);
  await setZones(daemon, { lawn: { polygon: everywhere } });
  await listener.until(() => newest(COUNT), 'the zone is counted');
  await listener.until(() => entities().length > 0, 'the zone is announced');
  await setZones(daemon, {});
  await listener.until(() => newest(COUNT) === '', 'the count of the zone is cleared');
  await listener.until(() => entities().length === 0, 'the entity is taken back');
});
