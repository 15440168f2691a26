import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { MqttRecorder } from '../fixtures/mqtt-recorder.ts';
import { Program } from '../fixtures/program.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const DEMO_MODEL = fileURLToPath(new URL('../../models/demo-scene.onnx', import.meta.url));
const STREET = 'ocellus/e2e/cameras/street';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

it('what commands set outlives kill -9, until the configuration says something else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-settings-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const broker = await Mosquitto.start();
  undo.push(() => broker.stop());
  const config = join(folder, 'ocellus.yaml');
  /** Starts a daemon that is told so many fps, and somebody who hears what is in force. */
  const start = async (fps: number) => {
    await writeFile(
      config,
      `device: { id: e2e }
mqtt: { url: '${broker.url}' }
storage: { path: '${join(folder, 'store')}' }
models: { default: { file: '${DEMO_MODEL}' } }
cameras: { street: { source: 'sim://scene?seed=7', detect: { fps: ${fps} } } }
`,
    );
    const daemon = new Program(['run', '-c', config]);
    undo.push(() => daemon.stop());
    const recorder = await MqttRecorder.connect(broker.url);
    undo.push(() => recorder.close());
    await waitUntil(() => daemon.stderr.includes('"running"'), 'the daemon');
    // It listens for commands before it says so; on a busy machine it may run before it is connected.
    await waitUntil(() => recorder.last('e2e/availability') === 'online', 'its connection');
    return { daemon, recorder, inForce: (what: string) => recorder.last(`cameras/street/${what}`) };
  };
  const first = await start(10);
  await first.recorder.publish(`${STREET}/set/fps`, '2');
  await first.recorder.publish(`${STREET}/set/detect`, 'OFF');
  await waitUntil(() => first.inForce('detect') === 'OFF' && first.inForce('fps') === '2', 'the outcome');
  first.daemon.kill('SIGKILL');
  await first.daemon.exited;

  const second = await start(10);
  await waitUntil(() => second.recorder.last('state')?.includes('"detecting":false') === true, 'the state');
  expect([second.inForce('fps'), second.inForce('detect'), second.inForce('enabled')]).toEqual([
    '2',
    'OFF',
    'ON',
  ]);
  second.daemon.kill('SIGKILL');
  await second.daemon.exited;

  const third = await start(8);
  await waitUntil(() => third.inForce('fps') === '8', 'what the configuration says now');
  expect(third.inForce('detect')).toBe('OFF');
});
