import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Fate, fatefulDetector } from '../fixtures/detector-onnx.ts';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { MqttRecorder } from '../fixtures/mqtt-recorder.ts';
import { Program } from '../fixtures/program.ts';
import { makeClip } from '../fixtures/streams-clip.ts';
import { onnxModel } from '../fixtures/tiny-onnx.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const DEMO_MODEL = fileURLToPath(new URL('../../models/demo-scene.onnx', import.meta.url));

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-failures-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Setup {
  readonly source?: string;
  readonly model?: string;
  readonly modelOptions?: string;
}

/** A daemon with one camera, a broker of its own and somebody who listens. */
async function start({ source = 'sim://scene?seed=7', model = DEMO_MODEL, modelOptions = '' }: Setup) {
  const folder = await scratch();
  const broker = await Mosquitto.start();
  undo.push(() => broker.stop());
  const recorder = await MqttRecorder.connect(broker.url);
  undo.push(() => recorder.close());
  const config = join(folder, 'ocellus.yaml');
  await writeFile(
    config,
    `device: { id: e2e }
mqtt: { url: '${broker.url}' }
storage: { path: '${join(folder, 'store')}' }
models: { default: { file: '${model}'${modelOptions} } }
cameras:
  street:
    source: ${source}
    detect: { fps: 10 }
    motion: { mode: off }
    capture: { backoffInitialMs: 100, backoffMaxMs: 500 }
`,
  );
  const daemon = new Program(['run', '-c', config]);
  undo.push(() => daemon.stop());
  return { daemon, broker, recorder };
}

const cameraState = (recorder: MqttRecorder): string | undefined => {
  const text = recorder.last('cameras/street/state');
  return text === undefined ? undefined : JSON.parse(text).state;
};

/** Process ids of a process's children. */
function children(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number) : [];
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

const ended = { status: 143, signal: null };

describe('kill -9', () => {
  it('of the ffmpeg child: the camera reconnects, and the daemon ends without leaving one', async () => {
    const clip = await makeClip({
      directory: await scratch(),
      name: 'c.mp4',
      size: '320x180',
      fps: 10,
      seconds: 60,
    });
    const { daemon, recorder } = await start({ source: `file:${clip}?loop=1&realtime=1` });
    await waitUntil(() => cameraState(recorder) === 'live', 'the camera');
    const [ffmpeg] = children(daemon.pid);
    expect(execFileSync('ps', ['-o', 'comm=', '-p', String(ffmpeg)]).toString()).toContain('ffmpeg');
    process.kill(ffmpeg!, 'SIGKILL');
    await waitUntil(() => cameraState(recorder) === 'reconnecting', 'the loss');
    await waitUntil(() => cameraState(recorder) === 'live', 'the camera again');
    const again = children(daemon.pid);
    expect(again).toHaveLength(1);
    expect(await daemon.stop()).toEqual(ended);
    expect(again.filter(isAlive)).toEqual([]);
  });

  it('of the daemon: no child outlives it, and the broker tells that it is gone', async () => {
    const clip = await makeClip({
      directory: await scratch(),
      name: 'c.mp4',
      size: '320x180',
      fps: 10,
      seconds: 60,
    });
    const { daemon, recorder } = await start({ source: `file:${clip}?loop=1&realtime=1` });
    await waitUntil(() => cameraState(recorder) === 'live', 'the camera');
    const orphans = children(daemon.pid);
    expect(orphans).toHaveLength(1);
    daemon.kill('SIGKILL');
    await daemon.exited;
    await waitUntil(() => !orphans.some(isAlive), 'the end of ffmpeg');
    await waitUntil(() => recorder.last('availability') === 'offline', 'the last will');
  });

  it('of the broker: events wait, come in order, once, and are marked as replayed', async () => {
    const { daemon, broker, recorder } = await start({});
    await waitUntil(() => recorder.events().length >= 5, 'events', 30_000);
    await broker.kill();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    await broker.restart();
    await waitUntil(() => recorder.events().some((event) => event.replayed), 'replayed events', 30_000);
    const marked = recorder.events().length;
    await waitUntil(() => recorder.events().length > marked + 3, 'live events', 30_000);
    await waitUntil(() => recorder.last('e2e/availability') === 'online', 'availability');
    expect(await daemon.stop()).toEqual(ended);
    const events = recorder.events();
    // The recorder's own session died with the broker: what QoS 1 may deliver twice carries the same eventId.
    const bySeq = new Map(events.map((event) => [event.seq, event.eventId]));
    expect(new Set(events.map((event) => event.eventId)).size).toBe(bySeq.size);
    expect([...bySeq.keys()].sort((a, b) => a - b)).toEqual(Array.from(bySeq, (_, index) => index + 1));
  });
});

describe('an inference backend', () => {
  it.each(['ort-c-api', 'onnxruntime-node'])(
    '%s whose runs throw: said once per frame, nothing ends',
    async (backend) => {
      const { daemon, recorder } = await startFateful('throws', `, backend: ${backend}`);
      await waitUntil(() => logged(daemon, 'frame could not be inferred') >= 3, 'failed frames');
      await waitUntil(() => cameraState(recorder) === 'live', 'the camera all the same');
      expect(daemon.stderr).toMatch(/out of (data )?bounds/);
      expect(await daemon.stop()).toEqual(ended);
      expect(daemon.stderr).not.toMatch(/abort|terminate called/i);
    },
  );

  it('ort-c-api whose runs hang: they are ended, the session is opened anew, and the daemon stops on time', async () => {
    const { daemon } = await startFateful('hangs', ', runTimeoutMs: 300');
    await waitUntil(
      () => /did not finish within|took longer than|timed out|300 ms/.test(daemon.stderr),
      'a run that was ended',
    );
    await waitUntil(() => logged(daemon, 'frame could not be inferred') >= 2, 'a second session', 30_000);
    expect(await daemon.stop()).toEqual(ended);
  });

  it('onnxruntime-node whose runs hang: the daemon still ends with its status', async () => {
    const { daemon } = await startFateful('hangs', ', runTimeoutMs: 300, backend: onnxruntime-node');
    await waitUntil(() => logged(daemon, 'frame could not be inferred') >= 1, 'a run that was given up');
    expect(await daemon.stop(20_000)).toEqual(ended);
    expect(daemon.stderr).not.toMatch(/abort|terminate called/i);
  });

  it.each(['ort-c-api', 'onnxruntime-node'])(
    '%s in the middle of a run when SIGTERM comes: it ends without an abort',
    async (backend) => {
      const { daemon, recorder } = await startFateful('slow', `, backend: ${backend}`);
      await waitUntil(() => cameraState(recorder) === 'live', 'the camera');
      // Frames come every 100 ms and a run takes longer: one is in progress now.
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await daemon.stop()).toEqual(ended);
      expect(daemon.stderr).not.toMatch(/abort|terminate called/i);
      await waitUntil(() => recorder.last('availability') === 'offline', 'the farewell');
    },
  );
});

async function startFateful(fate: Fate, modelOptions: string) {
  const folder = await scratch();
  const model = join(folder, `${fate}.onnx`);
  await writeFile(model, onnxModel(fatefulDetector(fate)));
  return start({ model, modelOptions });
}

function logged(daemon: Program, message: string): number {
  return daemon.log.filter((line) => line.msg === message).length;
}
