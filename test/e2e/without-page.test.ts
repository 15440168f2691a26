import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { MqttRecorder } from '../fixtures/mqtt-recorder.ts';
import { Program } from '../fixtures/program.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const DEMO_MODEL = fileURLToPath(new URL('../../models/demo-scene.onnx', import.meta.url));
/** State of a listening socket in /proc/net/tcp (proc(5), include/net/tcp_states.h). */
const LISTENING = '0A';

/** Sockets of a process that listen, by inode. */
async function listening(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const targets = await Promise.all(
    (await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => '')),
  );
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '')),
  );
  return tables.flatMap((table) =>
    table
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(
        ([, , , state, , , , , , inode]) => state === LISTENING && targets.includes(`socket:[${inode}]`),
      )
      .map((fields) => fields[9]!),
  );
}

it.each([
  [true, 1],
  [false, 0],
])('with http.enabled %s the daemon detects, publishes, and listens at %d ports', async (enabled, ports) => {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-page-'));
  const broker = await Mosquitto.start();
  const recorder = await MqttRecorder.connect(broker.url);
  const config = join(folder, 'ocellus.yaml');
  await writeFile(
    config,
    `device: { id: e2e }
mqtt: { url: '${broker.url}' }
storage: { path: '${folder}/data', reserveMiB: 0 }
models: { default: { file: '${DEMO_MODEL}' } }
http: { enabled: ${enabled}, listen: '127.0.0.1:0' }
cameras: { street: { source: 'sim://scene?seed=7&rate=40', detect: { fps: 5 } } }
`,
  );
  const daemon = new Program(['run', '-c', config]);
  try {
    const hasEvent = () =>
      recorder.messages.some(
        ({ topic, text }) => topic.endsWith('street/events') && text.includes('object.started'),
      );
    await waitUntil(hasEvent, 'an event', 60_000);
    expect(await listening(daemon.pid)).toHaveLength(ports);
    expect(daemon.stderr.includes('page and API are off')).toBe(!enabled);
    expect(await daemon.stop()).toEqual({ status: 143, signal: null });
  } finally {
    await daemon.stop();
    await recorder.close();
    await broker.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
