import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { z } from 'zod';
import { trackSource } from '../../src/app/offline-tracking.ts';
import { SystemClock } from '../../src/base/clock.ts';
import { cameraSchema } from '../../src/config/camera-schema.ts';
import { CameraRules } from '../../src/events/camera-rules.ts';
import type { EventDraft } from '../../src/flow/domain-event.ts';
import { createBackend } from '../../src/infer/backends.ts';
import { openDetector } from '../../src/infer/detector.ts';
import { loadDetectionModel } from '../../src/models/detection-model.ts';
import { thresholdsFor } from '../../src/track/options.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';

interface Play {
  /** Events, with the media time of their frame in seconds. */
  readonly told: { readonly atS: number; readonly draft: EventDraft }[];
  /** Objects present after each frame, by media time in seconds. */
  readonly counts: { readonly atS: number; readonly count: number }[];
  readonly mediaS: number;
}

/** Boxes below are only followed, as the configuration has it unless set. */
const minScore = 0.35;

/** Puts a clip through detector, tracker and rules as fast as it goes: all times are those of its pictures. */
async function play(
  video: string,
  fps: number,
  config: Pick<z.input<typeof cameraSchema>, 'objects' | 'zones'>,
): Promise<Play> {
  const clock = new SystemClock();
  const camera = cameraSchema.parse({ source: 'file:clip', ...config });
  const model = loadDetectionModel(
    { file: testData('models', 'coco', 'yolox_nano_416.onnx'), minScore },
    '.',
  );
  const detector = await openDetector({
    backend: await createBackend({ backend: 'auto', clock }),
    model,
    clock,
    providers: ['cpu'],
    providerOptions: {},
    threads: 1,
    minScore: () => thresholdsFor(minScore).lowScore,
    runTimeoutMs: 60_000,
  });
  let ids = 0;
  const rules = new CameraRules({
    cameraId: 'clip',
    objects: camera.objects,
    zones: camera.zones,
    lines: camera.lines,
    minScore,
    newObjectId: () => `object-${++ids}`,
  });
  const told: Play['told'] = [];
  const counts: Play['counts'] = [];
  let [firstMonoMs, firstAtMs] = [Number.NaN, Number.NaN];
  let atS = 0;
  try {
    await trackSource({
      source: `file:${testData('videos', video)}?realtime=0`,
      baseDir: '.',
      detector,
      fps,
      clock,
      signal: new AbortController().signal,
      onUpdate: ({ source, times }, update) => {
        if (Number.isNaN(firstMonoMs)) [firstMonoMs, firstAtMs] = [times.captureMonoMs, times.captureAtMs];
        atS = (times.captureMonoMs - firstMonoMs) / 1000;
        for (const draft of rules.update(update, { source, times, inferredAtMs: times.captureAtMs })) {
          told.push({ atS: (draft.atMs - firstAtMs) / 1000, draft });
        }
        counts.push({ atS, count: rules.liveObjects });
      },
    });
    told.push(...rules.endAll('stopped').map((draft) => ({ atS, draft })));
  } finally {
    await detector.close(5_000);
  }
  return { told, counts, mediaS: atS };
}

async function truthOf(video: string) {
  return JSON.parse(await readFile(testData('videos', 'events_gt.json'), 'utf8'))[video];
}

describeWithTestData('rules on real video', () => {
  it('tell of each visitor who stays at the table, in the time of the pictures', async () => {
    const video = 'one-by-one-person-detection.mp4';
    const { visits } = (await truthOf(video)) as { visits: [number, number][] };
    const dwellMs = 5_000;
    const { told, mediaS } = await play(video, 10, {
      objects: { person: {} },
      // Where the feet are, from the table to the lower edge, by which everybody comes.
      zones: {
        table: {
          polygon: [
            [0, 0.4],
            [1, 0.4],
            [1, 1],
            [0, 1],
          ],
          dwellMs,
        },
      },
    });
    const of = (type: string) => told.filter(({ draft }) => draft.type === type);
    const report = JSON.stringify(told.map(({ atS, draft }) => [draft.type, atS]));
    for (const type of ['object.started', 'zone.entered', 'zone.dwelled', 'zone.left', 'object.ended']) {
      expect(of(type), `${type}: ${report}`).toHaveLength(visits.length);
    }
    for (const [i, [fromS, toS]] of visits.entries()) {
      const dwelledS = of('zone.dwelled')[i]!.atS;
      // The truth is by eye to 0.4 s, and somebody who comes in is believed to be a person after some tenths of a second.
      expect(Math.abs(of('object.started')[i]!.atS - fromS), report).toBeLessThanOrEqual(1);
      expect(Math.abs(dwelledS - (fromS + dwellMs / 1000)), report).toBeLessThanOrEqual(1.5);
      expect(Math.abs(of('object.ended')[i]!.atS - toS), report).toBeLessThanOrEqual(1);
    }
    // Seconds of the video: the clip is read as fast as the model takes it.
    expect(mediaS).toBeGreaterThan(138);
  });

  it('count the bottles that are taken away and put back', async () => {
    const video = 'bottle-detection.mp4';
    const { count_timeline: timeline } = (await truthOf(video)) as { count_timeline: [number, number][] };
    const { counts } = await play(video, 10, { objects: { bottle: {} }, zones: {} });
    const changes = counts.filter(({ count }, i) => i > 0 && count !== counts[i - 1]!.count);
    const report = JSON.stringify(changes);
    expect(
      changes.map(({ count }) => count),
      report,
    ).toEqual(timeline.map(([, count]) => count));
    // A bottle in a hand is seen before it stands, and its place is watched for a while after it was taken.
    for (const [i, [fromS]] of timeline.entries()) {
      expect(Math.abs(changes[i]!.atS - fromS), report).toBeLessThanOrEqual(2);
    }
  });
});
