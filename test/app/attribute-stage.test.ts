import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { ClassifierRuntime } from '../../src/app/classifier-runtime.ts';
import { ObjectStage } from '../../src/app/object-stage.ts';
import { eventsOnly } from '../../src/app/pipeline-outlet.ts';
import { SystemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { cameraSchema } from '../../src/config/camera-schema.ts';
import { classifierModelSchema } from '../../src/config/schema.ts';
import type { Detection } from '../../src/flow/detection.ts';
import type { DomainEvent, EventDraft } from '../../src/flow/domain-event.ts';
import { type Frame, i420Bytes } from '../../src/flow/frame.ts';
import { COLOURS, colourClassifier } from '../fixtures/classifier-onnx.ts';
import { writeOnnx } from '../fixtures/tiny-onnx.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const SIZE = { widthPx: 320, heightPx: 160 };
/** Y, U and V of the left half, red, and of the right half, blue. */
const PAINT = [
  [76, 29],
  [85, 255],
  [255, 107],
] as const;

function frame(seq: number, atMs: number): Frame {
  const data = new Uint8Array(i420Bytes(SIZE.widthPx, SIZE.heightPx));
  let at = 0;
  for (const [plane, [left, right]] of PAINT.entries()) {
    const [width, height] = plane === 0 ? [320, 160] : [160, 80];
    for (let i = 0; i < width * height; i++) data[at++] = i % width < width / 2 ? left : right;
  }
  return {
    cameraId: 'front',
    seq,
    data,
    ...SIZE,
    colour: { matrix: 'bt601', range: 'full' },
    source: SIZE,
    times: {
      captureAtMs: 1_700_000_000_000 + atMs,
      captureMonoMs: atMs,
      decodedAtMs: 1_700_000_000_000 + atMs,
    },
    // Its pixels are worthless from here on, as those of a pooled buffer are.
    release: () => data.fill(0),
  };
}

const detection = (label: string, x: number): Detection => ({
  label,
  classId: 0,
  score: 0.9,
  boxPx: [x, 40, x + 70, 120],
});
const DETECTIONS = [detection('car', 30), detection('person', 200), detection('car', 240)];

it('objects get the colour that they have, those of other labels get none', async () => {
  const file = writeOnnx('colours', colourClassifier());
  const runtime = new ClassifierRuntime({
    name: 'colours',
    config: classifierModelSchema.parse({ file, labels: COLOURS }),
    baseDir: '/',
    clock: new SystemClock(),
    random: () => 0.5,
    log: silentLogger,
  });
  await runtime.start();
  const drafts: EventDraft[] = [];
  let ids = 0;
  const stage = new ObjectStage({
    cameraId: 'front',
    config: cameraSchema.parse({
      source: 'sim://scene',
      classify: { colour: { model: 'colours', objects: ['car'] } },
    }),
    minScore: 0.35,
    classifiers: new Map([['colours', runtime]]),
    newObjectId: () => `object-${++ids}`,
    log: silentLogger,
    outlet: eventsOnly((draft) => drafts.push(draft)),
  });

  for (let n = 0; n < 30; n++) {
    const picture = frame(n, n * 200);
    stage.update(DETECTIONS, picture, picture.times.captureAtMs);
    picture.release();
    // Every crop is classified before the next frame, however slow this machine is.
    await waitUntil(() => runtime.inUse().waiting === 0, 'the classifier');
  }
  stage.endAll('stopped');
  const { provider, crops } = runtime.inUse();
  await runtime.close(5_000);
  rmSync(dirname(file), { recursive: true });

  const ended = drafts.filter((draft) => draft.type === 'object.ended') as Extract<
    DomainEvent,
    { type: 'object.ended' }
  >[];
  const byPlace = ended
    .sort((a, b) => a.boxNorm[0] - b.boxNorm[0])
    .map(({ label, attributes }) => [label, attributes.colour?.value]);
  expect(byPlace).toEqual([
    ['car', 'red'],
    ['person', undefined],
    ['car', 'blue'],
  ]);
  expect(provider).toBe('cpu');
  // Ten looks at each of two cars; whether the last was answered before the end is the machine's affair.
  expect(crops.classified).toBeGreaterThanOrEqual(18);
  expect(crops.classified).toBeLessThanOrEqual(20);
});
