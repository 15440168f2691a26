import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { DomainEvent } from '../../src/flow/domain-event.ts';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { MqttRecorder } from '../fixtures/mqtt-recorder.ts';
import { Program } from '../fixtures/program.ts';
import { startRtspServer } from '../fixtures/rtsp-server.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const VIDEO = 'one-by-one-person-detection.mp4';
/** The server is killed here, s into the video: nobody is there from 44.9 to 50.2. */
const CUT_S = 46;
const TOLERANCE_MS = 1_000;

type ObjectEvent = Extract<DomainEvent, { objectId: string }>;

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Everything that lives for one test ends with it. */
function owned<T>(value: T, end: (value: T) => Promise<unknown>): T {
  undo.push(() => end(value));
  return value;
}

describeWithTestData('six visitors on an RTSP camera whose server dies between two visits', () => {
  it('starts and ends each of them once, on time, and nobody else', async () => {
    const truth = JSON.parse(await readFile(testData('videos', 'events_gt.json'), 'utf8'));
    const visits = truth[VIDEO].visits as [number, number][];
    const folder = owned(await mkdtemp(join(tmpdir(), 'ocellus-visitors-')), (path) =>
      rm(path, { recursive: true, force: true }),
    );
    const broker = owned(await Mosquitto.start(), (server) => server.stop());
    const recorder = owned(await MqttRecorder.connect(broker.url), (client) => client.close());
    const file = testData('videos', VIDEO);
    const first = owned(await startRtspServer({ file }), (server) => server.stop());
    const config = join(folder, 'ocellus.yaml');
    await writeFile(
      config,
      `device: { id: visitors }
mqtt: { url: '${broker.url}' }
storage: { path: '${join(folder, 'store')}' }
models: { default: { file: '${testData('models', 'coco', 'yolox_nano_416.onnx')}' } }
cameras:
  hall:
    source: rtsp://127.0.0.1:${first.port}/stream
    detect: { fps: 10 }
    objects: { person: {} }
`,
    );
    const daemon = owned(new Program(['run', '-c', config]), (program) => program.stop());

    await waitUntil(() => first.playsAtMs.length > 0, 'the camera being played', 20_000);
    const firstStartMs = first.playsAtMs.at(-1)!;
    await untilWallMs(firstStartMs + CUT_S * 1000);
    await first.kill();
    const second = owned(await startRtspServer({ file, port: first.port, startS: CUT_S + 1 }), (server) =>
      server.stop(),
    );
    await waitUntil(() => second.playsAtMs.length > 0, 'the camera being played again', 20_000);
    const secondStartMs = second.playsAtMs.at(-1)! - (CUT_S + 1) * 1000;
    await untilWallMs(secondStartMs + 139_000);
    expect(await daemon.stop()).toEqual({ status: 143, signal: null });

    const persons = recorder.events().filter((event): event is ObjectEvent => 'objectId' in event);
    expect(new Set(persons.map((event) => event.label))).toEqual(new Set(['person']));
    const started = persons.filter((event) => event.type === 'object.started');
    const ended = persons.filter((event) => event.type === 'object.ended');
    const wallMs = (videoS: number) => (videoS < CUT_S ? firstStartMs : secondStartMs) + videoS * 1000;
    const report = { started: seconds(started, 'startedAtMs'), ended: seconds(ended, 'atMs') };
    function seconds(events: ObjectEvent[], field: 'startedAtMs' | 'atMs') {
      return events.map((event) => {
        const legStartMs = event[field] < secondStartMs + CUT_S * 1000 ? firstStartMs : secondStartMs;
        return (event[field] - legStartMs) / 1000;
      });
    }
    expect(started, JSON.stringify(report)).toHaveLength(visits.length);
    expect(ended, JSON.stringify(report)).toHaveLength(visits.length);
    for (const [index, [fromS, toS]] of visits.entries()) {
      const visit = `visit ${index + 1}: ${JSON.stringify(report)}`;
      expect(Math.abs(started[index]!.startedAtMs - wallMs(fromS)), visit).toBeLessThanOrEqual(TOLERANCE_MS);
      expect(Math.abs(started[index]!.atMs - wallMs(fromS)), visit).toBeLessThanOrEqual(TOLERANCE_MS);
      expect(Math.abs(ended[index]!.atMs - wallMs(toS)), visit).toBeLessThanOrEqual(TOLERANCE_MS);
      expect(ended[index]!.objectId, visit).toBe(started[index]!.objectId);
    }
    expect(recorder.last('cameras/hall/counts/person')).toBe('0');
    expect(recorder.last('availability')).toBe('offline');
    const seqs = recorder.events().map((event) => event.seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    const states = recorder.events().filter((event) => event.type === 'camera.state');
    expect(states.map((event) => event.state).slice(0, 4)).toEqual([
      'connecting',
      'live',
      'reconnecting',
      'live',
    ]);
  });
});

async function untilWallMs(wallMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, wallMs - Date.now())));
}
