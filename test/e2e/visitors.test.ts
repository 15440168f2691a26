import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { owned } from '../fixtures/owned.ts';
import { startRtspServer } from '../fixtures/rtsp-server.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import { waitUntil } from '../fixtures/wait-until.ts';
import { type ObjectEvent, watchHall } from '../fixtures/watched-hall.ts';

const VIDEO = 'one-by-one-person-detection.mp4';
/** The server is killed here, s into the video: nobody is there from 44.9 to 50.2. */
const CUT_S = 46;
const TOLERANCE_MS = 1_000;

describeWithTestData('six visitors on an RTSP camera whose server dies between two visits', () => {
  it('starts and ends each of them once, on time, and nobody else', async () => {
    const truth = JSON.parse(await readFile(testData('videos', 'events_gt.json'), 'utf8'));
    const visits = truth[VIDEO].visits as [number, number][];
    const file = testData('videos', VIDEO);
    const first = owned(await startRtspServer({ file }), (server) => server.stop());
    const hall = await watchHall(first.url(), ['detect: { fps: 10 }']);
    const { recorder } = hall;
    const daemon = hall.start();

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
    const started = hall.of('object.started');
    const ended = hall.of('object.ended');
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
