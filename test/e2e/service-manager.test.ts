import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { fatefulDetector } from '../fixtures/detector-onnx.ts';
import { NotifyListener } from '../fixtures/notify-listener.ts';
import { Program } from '../fixtures/program.ts';
import { makeClip } from '../fixtures/streams-clip.ts';
import { onnxModel } from '../fixtures/tiny-onnx.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const DEMO_MODEL = fileURLToPath(new URL('../../models/demo-scene.onnx', import.meta.url));
const WATCHDOG_MS = 4_000;

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-notify-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Setup {
  readonly sources: readonly string[];
  readonly model?: string;
  readonly modelOptions?: string;
}

/** The built program as systemd starts it, and what it tells systemd. Nothing listens where its broker should be. */
async function start({ sources, model = DEMO_MODEL, modelOptions = '' }: Setup) {
  const folder = await scratch();
  const listener = await NotifyListener.start(`@ocellus-e2e-${process.pid}-${undo.length}`);
  undo.push(() => listener.stop());
  const config = join(folder, 'ocellus.yaml');
  const cameras = sources.map((source, i) => `  c${i}: { source: '${source}', motion: { mode: off } }\n`);
  await writeFile(
    config,
    `device: { id: e2e }
mqtt: { url: 'mqtt://127.0.0.1:9' }
storage: { path: '${join(folder, 'store')}' }
http: { listen: '127.0.0.1:0' }
models: { default: { file: '${model}'${modelOptions} } }
cameras:
${cameras.join('')}`,
  );
  const daemon = new Program(['run', '-c', config], {
    NOTIFY_SOCKET: listener.address,
    WATCHDOG_USEC: String(WATCHDOG_MS * 1000),
  });
  undo.push(() => daemon.stop());
  return { daemon, listener };
}

const isReady = (listener: NotifyListener) => () => listener.with('READY').length > 0;

/** Where the page of the daemon is. */
function pageUrl(daemon: Program): string {
  return daemon.log.find(({ msg }) => msg === 'page and API are served')!.url as string;
}

async function partsOf(answer: Response): Promise<unknown[]> {
  return ((await answer.json()) as { parts: unknown[] }).parts;
}

describe('a start', () => {
  it('is ready once models and listeners are, whatever becomes of cameras and broker; and stays alive without any', async () => {
    const { daemon, listener } = await start({ sources: ['rtsp://127.0.0.1:9/a', 'rtsp://127.0.0.1:9/b'] });
    await waitUntil(isReady(listener), 'READY', 30_000);
    const parts = await partsOf(await fetch(`${pageUrl(daemon)}/readyz`));
    expect(parts).toContainEqual(expect.objectContaining({ part: 'model default', ok: true }));
    expect(parts).toContainEqual(expect.objectContaining({ part: 'store', ok: true }));
    expect(parts).toContainEqual(expect.objectContaining({ part: 'mqtt', ok: false }));
    const states = listener.received.map(({ fields }) => fields);
    const readyAt = states.findIndex((fields) => 'READY' in fields);
    expect(states.slice(0, readyAt)).not.toEqual([]);
    for (const fields of states.slice(0, readyAt)) {
      expect(fields).toEqual({
        EXTEND_TIMEOUT_USEC: expect.stringMatching(/^\d+$/),
        STATUS: expect.stringMatching(/^starting: [01] of 1 models ready$/),
      });
    }
    expect(listener.received.every(({ pid }) => pid === daemon.pid)).toBe(true);

    await waitUntil(() => /c0: unreachable; c1: unreachable/.test(listener.lastStatus ?? ''), 'the status');
    expect(listener.lastStatus).toContain('0 of 2 cameras live, 0.0 inferences/s on CPU');
    expect(listener.lastStatus).toMatch(/broker away, \d+ events wait/);
    const before = listener.with('WATCHDOG').length;
    await new Promise((resolve) => setTimeout(resolve, 2 * WATCHDOG_MS));
    const times = listener.with('WATCHDOG').map(({ atMs }) => atMs);
    expect(times.length - before).toBeGreaterThanOrEqual(3);
    const gapsMs = times.slice(1).map((atMs, i) => atMs - times[i]!);
    expect(Math.max(...gapsMs)).toBeLessThan(WATCHDOG_MS);

    expect(await daemon.stop()).toEqual({ status: 143, signal: null });
    expect(listener.received.at(-1)!.fields).toMatchObject({ STOPPING: '1', STATUS: 'stopping' });
  });

  it('keeps from child processes what is meant for the program alone', async () => {
    const clip = await makeClip({
      directory: await scratch(),
      name: 'c.mp4',
      size: '320x180',
      fps: 10,
      seconds: 60,
    });
    const { daemon, listener } = await start({ sources: [`file:${clip}?loop=1&realtime=1`] });
    await waitUntil(
      () => /^1 of 1 cameras live, [1-9]/.test(listener.lastStatus ?? ''),
      'the camera',
      30_000,
    );
    const [child] = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'utf8').split(' ');
    const environment = readFileSync(`/proc/${child}/environ`, 'utf8');
    expect(environment).toContain('PATH=');
    expect(environment).not.toMatch(/NOTIFY_SOCKET|WATCHDOG/);
  });

  it('with a bad configuration is never ready, and ends with 78', async () => {
    const { daemon, listener } = await start({ sources: ['gopher://h'] });
    expect(await daemon.exited).toEqual({ status: 78, signal: null });
    expect(listener.with('READY')).toEqual([]);
  });
});

describe('a reload', () => {
  it('is told with its time, and its end as ready again', async () => {
    const { daemon, listener } = await start({ sources: ['rtsp://127.0.0.1:9/a'] });
    await waitUntil(isReady(listener), 'READY', 30_000);
    daemon.kill('SIGHUP');
    await waitUntil(() => listener.with('READY').length === 2, 'the end of the reload');
    const states = listener.received.filter(({ fields }) => 'READY' in fields || 'RELOADING' in fields);
    expect(states.map(({ fields }) => fields)).toEqual([
      { READY: '1', STATUS: expect.stringContaining('cameras live') },
      { RELOADING: '1', MONOTONIC_USEC: expect.stringMatching(/^\d+$/), STATUS: 'reloading' },
      { READY: '1', STATUS: expect.stringContaining('cameras live') },
    ]);
  });
});

describe('a worker that is stuck', () => {
  it.each([
    ['ort-c-api', 'whose runs are ended, again and again'],
    ['onnxruntime-node', 'whose runs cannot be ended'],
  ])('%s, %s: the watchdog is fed no more, for a reason that is told', async (backend) => {
    const folder = await scratch();
    const model = join(folder, 'hangs.onnx');
    await writeFile(model, onnxModel(fatefulDetector('hangs')));
    const { daemon, listener } = await start({
      sources: ['sim://scene?seed=7'],
      model,
      modelOptions: `, runTimeoutMs: 200, backend: ${backend}`,
    });
    await waitUntil(isReady(listener), 'READY', 30_000);
    await waitUntil(() => listener.lastStatus?.startsWith('stuck') === true, 'the finding', 90_000);
    const fedAtMs = listener.with('WATCHDOG').at(-1)!.atMs;
    expect(listener.lastStatus).toMatch(
      /^stuck, to be restarted: model default waits for a run that ends by itself: \d+ in a row did not \(\d+ s\); /,
    );
    const told = daemon.log.filter(
      ({ msg }) => msg === 'the program does not get on: the watchdog is fed no more',
    );
    expect(told).toEqual([
      expect.objectContaining({
        level: 50,
        stuck: expect.stringMatching(/^model default waits for a run that ends by itself/),
        watchdogMs: WATCHDOG_MS,
        threads: expect.arrayContaining([expect.stringMatching(/ [RSD]$/)]),
      }),
    ]);
    const health = await fetch(`${pageUrl(daemon)}/healthz`);
    expect(health.status).toBe(503);
    expect(await partsOf(health)).toContainEqual(expect.objectContaining({ part: 'progress', ok: false }));
    // What systemd would wait for before it ends the program.
    await new Promise((resolve) => setTimeout(resolve, WATCHDOG_MS));
    expect(listener.with('WATCHDOG').at(-1)!.atMs).toBe(fedAtMs);
    expect(await daemon.stop(30_000)).toEqual({ status: 143, signal: null });
  });
});
