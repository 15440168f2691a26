import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ObjectStage } from '../../src/app/object-stage.ts';
import { ReidRuntime } from '../../src/app/reid-runtime.ts';
import { SystemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { cameraSchema } from '../../src/config/camera-schema.ts';
import { reidModelSchema } from '../../src/config/schema.ts';
import type { EventDraft } from '../../src/flow/domain-event.ts';
import { type Frame, i420Bytes } from '../../src/flow/frame.ts';
import { colourClassifier } from '../fixtures/classifier-onnx.ts';
import { writeOnnx } from '../fixtures/tiny-onnx.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const SIZE = { widthPx: 320, heightPx: 160 };
const LUMA = SIZE.widthPx * SIZE.heightPx;
const RED = [76, 85, 255] as const;
const BLUE = [29, 255, 107] as const;

// The means of the colour channels: as good an embedding as any for people in one colour.
const file = writeOnnx('looks', colourClassifier());
const runtime = new ReidRuntime({
  name: 'people',
  config: reidModelSchema.parse({ file }),
  baseDir: '/',
  clock: new SystemClock(),
  random: () => 0.5,
  log: silentLogger,
});
beforeAll(() => runtime.start());
afterAll(async () => {
  await runtime.close(5_000);
  rmSync(dirname(file), { recursive: true });
});

function frame(seq: number, atMs: number, [y, u, v]: readonly [number, number, number]): Frame {
  const data = new Uint8Array(i420Bytes(SIZE.widthPx, SIZE.heightPx));
  data
    .fill(y, 0, LUMA)
    .fill(u, LUMA, (LUMA * 5) / 4)
    .fill(v, (LUMA * 5) / 4);
  const atWallMs = 1_700_000_000_000 + atMs;
  return {
    cameraId: 'front',
    seq,
    data,
    ...SIZE,
    colour: { matrix: 'bt601', range: 'full' },
    source: SIZE,
    times: { captureAtMs: atWallMs, captureMonoMs: atMs, decodedAtMs: atWallMs },
    release: () => data.fill(0),
  };
}

it.each([
  ['in the same colour goes on as the object that was lost', RED, ['object-1']],
  ['in another colour is another object', BLUE, ['object-1', 'object-2']],
])('somebody %s', async (_who, paint, objects) => {
  const drafts: EventDraft[] = [];
  let ids = 0;
  const stage = new ObjectStage({
    cameraId: 'front',
    config: cameraSchema.parse({
      source: 'sim://scene',
      reid: { model: 'people', objects: ['person'] },
      track: { lostMs: 3_000 },
      snapshots: { enabled: false },
    }),
    minScore: 0.35,
    classifiers: new Map(),
    reid: runtime,
    newObjectId: () => `object-${++ids}`,
    log: silentLogger,
    outlet: {
      event: (draft) => drafts.push(draft),
      cameraState() {},
      counts() {},
      motion() {},
      bestView() {},
      inForce() {},
      tracks() {},
    },
  });
  const looked = () => runtime.inUse().crops.classified ?? 0;
  const person = { label: 'person', classId: 0, score: 0.9 };
  for (let n = 0; n < 30; n++) {
    // Seen for two seconds, gone for two, then seen again a step further, too far for the tracker.
    const isThere = n < 10 || n >= 20;
    const x = n < 10 ? 60 : 140;
    const picture = frame(n, n * 200, n < 20 ? RED : paint);
    const before = looked();
    stage.update(isThere ? [{ ...person, boxPx: [x, 40, x + 60, 140] }] : [], picture, 0);
    picture.release();
    if (runtime.inUse().waiting > 0 || n === 20) await waitUntil(() => looked() > before, 'a look');
  }
  const started = drafts.filter((draft) => draft.type === 'object.started');
  expect(started.map((draft) => 'objectId' in draft && draft.objectId)).toEqual(objects);
});
