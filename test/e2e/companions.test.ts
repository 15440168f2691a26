import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { MqttRecorder } from '../fixtures/mqtt-recorder.ts';
import { Program } from '../fixtures/program.ts';
import { waitUntil } from '../fixtures/wait-until.ts';
import { devicePayloadSchema } from '../mqtt/home-assistant/discovery-schema.ts';

const MODEL = fileURLToPath(new URL('../../models/demo-scene.onnx', import.meta.url));
const HUB = 'homeassistant/device/ocellus_e2e/config';
const STREET = 'homeassistant/device/ocellus_e2e_street/config';
const LANE = 'homeassistant/device/ocellus_e2e_lane/config';
const CAMERA = 'ocellus/e2e/cameras/street';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-companions-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const broker = await Mosquitto.start();
  undo.push(() => broker.stop());
  const recorder = await MqttRecorder.connect(broker.url, '#');
  undo.push(() => recorder.close());
  const run = async (mqtt: string, camera = 'street', zone = 'all_of_it') => {
    const config = join(folder, 'ocellus.yaml');
    await writeFile(
      config,
      `device: { id: e2e }
storage: { path: store }
mqtt: { url: '${broker.url}', ${mqtt} }
models: { default: { file: '${MODEL}' } }
cameras:
  ${camera}:
    source: sim://scene?seed=7
    detect: { fps: 10 }
    motion: { mode: off }
    zones: { ${zone}: { polygon: [[0,0],[1,0],[1,1],[0,1]] } }
`,
    );
    const daemon = new Program(['run', '-c', config]);
    undo.push(() => daemon.stop());
    return daemon;
  };
  const components = (topic: string): Record<string, Record<string, unknown>> => {
    const text = recorder.last(topic);
    return text === undefined || text === '' ? {} : devicePayloadSchema.parse(JSON.parse(text)).components;
  };
  return { broker, recorder, run, components };
}

const BOTH = 'homeAssistant: { discovery: true }, frigate: { enabled: true }';

it('speaks to Home Assistant and to users of Frigate, takes their commands, and says offline', async () => {
  const { recorder, run, components } = await setUp();
  const daemon = await run(BOTH);
  const occupied = () =>
    Object.entries(components(STREET)).find(([key]) => /^[a-z]+_occupancy$/.test(key))?.[1];
  await waitUntil(() => occupied() !== undefined, 'a label announced', 20_000);
  expect(Object.keys(components(HUB))).toEqual(['online', 'queued', 'dropped']);
  // What an entity shows is a topic that is there.
  const count = String(occupied()?.state_topic);
  const label = count.split('/').at(-1)!;
  await waitUntil(() => /^\d+$/.test(recorder.last(count) ?? ''), 'the count');
  await waitUntil(() => recorder.last(`frigate/street/${label}`) === recorder.last(count), 'the same count');
  await waitUntil(() => recorder.last(`frigate/all_of_it/${label}`) !== undefined, 'a count of the zone');
  await waitUntil(() => recorder.last('frigate/events') !== undefined, "an event in Frigate's words", 20_000);
  const event = JSON.parse(recorder.last('frigate/events')!);
  expect(['new', 'update', 'end']).toContain(event.type);
  expect(event.after).toMatchObject({ camera: 'street', false_positive: false });
  // The best view is on our own topic and on Frigate's.
  const viewTopics = [
    /^ocellus\/e2e\/cameras\/street\/snapshot\/[a-z]+$/,
    /^frigate\/street\/[a-z]+\/snapshot$/,
  ];
  const hasView = (pattern: RegExp) => recorder.messages.some(({ topic }) => pattern.test(topic));
  await waitUntil(() => viewTopics.every(hasView), 'a best view', 20_000);
  expect(recorder.last('frigate/available')).toBe('online');

  const detection = components(STREET).detect;
  expect(detection).toMatchObject({ command_topic: `${CAMERA}/set/detect`, state_topic: `${CAMERA}/detect` });
  await recorder.publish(String(detection?.command_topic), 'OFF');
  await waitUntil(() => recorder.last(`${CAMERA}/detect`) === 'OFF', 'detection off');
  await waitUntil(() => recorder.last('frigate/street/detect/state') === 'OFF', 'told to both');
  await recorder.publish('frigate/street/detect/set', 'ON');
  await waitUntil(() => recorder.last(`${CAMERA}/detect`) === 'ON', 'detection on');

  const announced = () => recorder.messages.filter(({ topic }) => topic === STREET).length;
  const before = announced();
  await recorder.publish('homeassistant/status', 'online');
  await waitUntil(() => announced() > before, 'announced again to a Home Assistant that started');

  await daemon.stop();
  await waitUntil(() => recorder.last('frigate/available') === 'offline', 'offline');
  expect(recorder.last('ocellus/e2e/availability')).toBe('offline');
});

it('says offline to users of Frigate when it is killed', async () => {
  const { recorder, run } = await setUp();
  const daemon = await run(BOTH);
  await waitUntil(() => recorder.last('frigate/available') === 'online', 'online', 20_000);
  daemon.kill('SIGKILL');
  await waitUntil(() => recorder.last('frigate/available') === 'offline', 'the will');
});

it('takes back what left the configuration, and everything when discovery is off', async () => {
  const { recorder, run, components } = await setUp();
  const first = await run(BOTH);
  const zoned = (zone: string) => Object.entries(components(STREET)).filter(([key]) => key.startsWith(zone));
  await waitUntil(() => zoned('zone_all__of__it_').length > 0, 'the zone announced', 20_000);
  await first.stop();

  const second = await run(BOTH, 'street', 'yard');
  await waitUntil(
    () => zoned('zone_all__of__it_').every(([, component]) => Object.keys(component).join() === 'platform'),
    'the zone taken back',
    20_000,
  );
  await second.stop();

  const third = await run(BOTH, 'lane');
  await waitUntil(() => recorder.last(STREET) === '', 'the camera taken back', 20_000);
  await waitUntil(() => components(LANE).motion !== undefined, 'the other camera announced', 20_000);
  await third.stop();

  await run('tracks: false', 'lane');
  await waitUntil(
    () => recorder.last(HUB) === '' && recorder.last(LANE) === '',
    'everything taken back',
    20_000,
  );
});
