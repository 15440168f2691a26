import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import type { DomainEvent } from '../../src/flow/domain-event.ts';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { MqttListener } from '../fixtures/mqtt-listener.ts';
import { owned, scratch } from '../fixtures/owned.ts';
import { Program } from '../fixtures/program.ts';
import { startRtspServer } from '../fixtures/rtsp-server.ts';
import { DEMO_MODEL } from '../fixtures/running-daemon.ts';
import { makeStreetClip } from '../fixtures/street-clip.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const CAMERAS = ['north', 'east', 'south', 'west'] as const;
const OTHERS = ['north', 'east', 'south'] as const;
const FPS = 10;

interface Run {
  readonly file: string;
  readonly listener: MqttListener;
  readonly program: Program;
  write(sections: Record<string, unknown>): void;
  /** Writes the file and sends SIGHUP; resolves to the line of the log that says what came of it. */
  reload(sections: Record<string, unknown>): Promise<Record<string, unknown>>;
}

async function start(sections: Record<string, unknown>): Promise<Run> {
  const folder = await scratch('reload');
  const broker = owned(await Mosquitto.start(), (server) => server.stop());
  const listener = owned(await MqttListener.open(broker.url), (client) => client.close());
  const file = join(folder, 'ocellus.yaml');
  const write = (more: Record<string, unknown>) =>
    // JSON is YAML.
    writeFileSync(
      file,
      JSON.stringify({
        device: { id: 'porch' },
        models: { default: { file: DEMO_MODEL } },
        mqtt: { url: broker.url, tracks: true },
        storage: { path: folder, reserveMiB: 0 },
        http: { listen: '127.0.0.1:0' },
        ...more,
      }),
    );
  write(sections);
  const program = owned(new Program(['run', '-c', file]), (running) => running.stop());
  await waitUntil(() => program.log.some(({ msg }) => msg === 'running'), 'the daemon to run', 30_000);
  return {
    file,
    listener,
    program,
    write,
    reload: async (more) => {
      const before = outcomes(program).length;
      write(more);
      program.kill('SIGHUP');
      await waitUntil(() => outcomes(program).length > before, 'the reload to be told', 30_000);
      return outcomes(program).at(-1)!;
    },
  };
}

const outcomes = (program: Program) =>
  program.log.filter(({ msg }) => String(msg).startsWith('the configuration was'));
const eventsOf = (listener: MqttListener) =>
  listener.heard
    .filter(({ topic }) => topic.endsWith('/events'))
    .map(({ text }) => JSON.parse(text) as DomainEvent);

/** Sequence numbers of the frames that were looked at, in the order in which they were told. */
const seqsOf = (listener: MqttListener, cameraId: string) =>
  listener.heard
    .filter(({ topic }) => topic === `ocellus/porch/cameras/${cameraId}/tracks`)
    .map(({ text }) => (JSON.parse(text) as { seq: number }).seq);

it('of four cameras at 10 fps, the three that do not change lose no frame and no object while one is changed', async () => {
  const folder = await scratch('street');
  const path = join(folder, 'street.mp4');
  const street = { seed: '7', parked: '1', rate: '20', size: '320x180' };
  await makeStreetClip({ path, street, fps: FPS, seconds: 60 });
  const server = owned(await startRtspServer({ file: path }), (rtsp) => rtsp.stop());
  const camera = (more: object = {}) => ({
    source: server.url(),
    detect: { fps: FPS },
    motion: { mode: 'off' },
    ...more,
  });
  const all = Object.fromEntries(CAMERAS.map((name) => [name, camera()]));
  const run = await start({ cameras: all });
  const { listener, program } = run;
  const api = String(program.log.find(({ msg }) => msg === 'page and API are served')?.url);
  const reported = async (cameraId: string) =>
    (await (await fetch(`${api}/api/cameras/${cameraId}`)).json()) as {
      frames: Record<string, number>;
      drops: Record<string, number>;
      reconnects: Record<string, number>;
    };
  const stationary = (cameraId: string) =>
    eventsOf(listener).find(
      (event) => event.cameraId === cameraId && 'stationary' in event && event.stationary,
    );
  await waitUntil(() => CAMERAS.every((name) => stationary(name)), 'the parked car at each camera', 45_000);
  const present = new Map(OTHERS.map((name) => [name, openObjects(listener, name)]));
  for (const [name, objects] of present) expect(objects.size, `somebody at ${name}`).toBeGreaterThan(0);
  const before = new Map(OTHERS.map((name) => [name, seqsOf(listener, name)]));
  const eventsBefore = eventsOf(listener).length;

  const zone = {
    polygon: [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ],
  };
  const told = [
    await run.reload({ cameras: { ...all, west: camera({ zones: { all: zone } }) } }),
    await run.reload({
      cameras: { ...all, west: camera({ zones: { all: zone }, capture: { stallTimeoutMs: 9_000 } }) },
    }),
    await run.reload({ cameras: { north: camera(), east: camera(), south: camera() } }),
    await run.reload({ cameras: all }),
  ];
  expect(told.map(({ outcome, changed }) => [outcome, changed])).toEqual([
    ['applied', ['cameras.west.zones.all']],
    ['applied', ['cameras.west.capture.stallTimeoutMs']],
    ['applied', ['cameras.west']],
    ['applied', ['cameras.west']],
  ]);
  const enough = () =>
    OTHERS.every((name) => seqsOf(listener, name).length >= before.get(name)!.length + 4 * FPS);
  await waitUntil(enough, 'more frames of the others', 30_000);

  for (const name of OTHERS) {
    const seqs = seqsOf(listener, name);
    const { drops, reconnects } = await reported(name);
    const missing = seqs.at(-1)! - seqs[0]! + 1 - seqs.length;
    const numbered = seqs.every((seq, i) => i === 0 || seq > seqs[i - 1]!);
    expect(numbered, `${name} goes on counting: it was not begun anew`).toBe(true);
    // A machine that is too slow drops frames, counts them and says why; a reload would lose them without a trace.
    const dropped = Object.values(drops).reduce((sum, count) => sum + count, 0);
    expect(
      missing,
      `${name}: every number is there, or counted as dropped: ${JSON.stringify(drops)}`,
    ).toBeLessThanOrEqual(dropped);
    expect(drops.closed ?? 0).toBe(0);
    expect(reconnects).toEqual({});
    const events = eventsOf(listener)
      .slice(eventsBefore)
      .filter(({ cameraId }) => cameraId === name);
    expect(events.filter(({ type }) => type === 'camera.state')).toEqual([]);
    const ended = events.filter((event) => event.type === 'object.ended');
    // Who walks out of the picture meanwhile ends as ever.
    for (const event of ended) expect(event).toMatchObject({ cause: 'gone' });
    const parked = stationary(name) as DomainEvent & { objectId: string };
    expect(openObjects(listener, name).has(parked.objectId), 'the parked car is still the same object').toBe(
      true,
    );
  }
});

/** Objects of a camera that have started and not ended. */
function openObjects(listener: MqttListener, cameraId: string): Set<string> {
  const open = new Set<string>();
  for (const event of eventsOf(listener).filter((other) => other.cameraId === cameraId)) {
    if (event.type === 'object.started') open.add(event.objectId);
    else if (event.type === 'object.ended') open.delete(event.objectId);
  }
  return open;
}

const simulated = (seed: number) => ({ source: `sim://scene?seed=${seed}`, detect: { fps: 5 } });

it('a file that is wrong is refused by line, and a later one that is right is taken over; a burst of signals ends at the last', async () => {
  const run = await start({ cameras: { front: simulated(7) } });
  const refused = await run.reload({ cameras: { front: { ...simulated(7), zonse: {} } } });
  expect(refused).toMatchObject({
    level: 50,
    outcome: 'refused',
    failures: [{ part: 'cameras.front.zonse', message: expect.stringMatching(/^line 1: unknown key/) }],
  });
  writeFileSync(run.file, 'a: [');
  run.program.kill('SIGHUP');
  await waitUntil(() => outcomes(run.program).length === 2, 'it is refused too');
  await run.listener.until(
    (heard) =>
      heard.some(
        ({ topic, text }) => topic === 'ocellus/porch/state' && text.includes('"outcome":"refused"'),
      ),
    'the topic state says so',
  );
  for (let seed = 8; seed <= 20; seed++) {
    run.write({ cameras: { front: simulated(7), [`camera${seed}`]: simulated(seed) } });
    run.program.kill('SIGHUP');
    await sleep(20);
  }
  await run.listener.until(() => {
    const state = run.listener.last('ocellus/porch/state') ?? '{}';
    const { cameras = {} } = JSON.parse(state) as { cameras?: object };
    return Object.keys(cameras).join() === 'front,camera20';
  }, 'the last file is in force');
  expect(await run.program.stop()).toEqual({ status: 143, signal: null });
});

it('kill -9 in the middle of edits and reloads leaves a file that is whole, and the next start goes by it', async () => {
  const run = await start({ cameras: { front: simulated(7) } });
  const api = String(run.program.log.find(({ msg }) => msg === 'page and API are served')?.url);
  const edit = async (n: number) => {
    const { revision } = (await (await fetch(`${api}/api/config`)).json()) as { revision: string };
    await fetch(`${api}/api/config/cameras/front`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'if-match': revision },
      body: JSON.stringify({ lines: { [`line${n}`]: { from: [0.5, 1], to: [0.5, 0.4] } } }),
    });
    run.program.kill('SIGHUP');
  };
  const killed = sleep(1_500).then(() => run.program.kill('SIGKILL'));
  for (let n = 0; ; n++) {
    const went = await edit(n).then(
      () => true,
      () => false,
    );
    if (!went) break;
  }
  await killed;
  await run.program.exited;
  const { cameras } = parse(readFileSync(run.file, 'utf8')) as { cameras: { front: { lines: object } } };
  expect(Object.keys(cameras.front.lines)[0]).toMatch(/^line\d+$/);
  const again = owned(new Program(['run', '-c', run.file]), (program) => program.stop());
  await waitUntil(() => again.log.some(({ msg }) => msg === 'running'), 'it runs again', 30_000);
});

it('SIGHUP means nothing to other commands, which end by it as ever', async () => {
  const demo = owned(new Program(['demo']), (program) => program.stop());
  await waitUntil(() => demo.stdout.includes('Web page at'), 'the demo runs', 30_000);
  demo.kill('SIGHUP');
  expect(await demo.exited).toEqual({ status: null, signal: 'SIGHUP' });
});
