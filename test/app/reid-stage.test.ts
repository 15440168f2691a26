import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ObjectStage } from '../../src/app/object-stage.ts';
import { eventsOnly } from '../../src/app/pipeline-outlet.ts';
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
const GREEN = [149, 44, 21] as const;
type Paint = typeof RED | typeof BLUE | typeof GREEN;
type ObjectDraft = Extract<EventDraft, { objectId: string }>;

// The means of the colour channels: as good an embedding as any for people in one colour.
const file = writeOnnx('looks', colourClassifier());
const runtimeOf = (more: object = {}) =>
  new ReidRuntime({
    name: 'people',
    config: reidModelSchema.parse({ file, ...more }),
    baseDir: '/',
    clock: new SystemClock(),
    random: () => 0.5,
    log: silentLogger,
  });
const runtime = runtimeOf();
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

/** What is told of a person who is at `personAt` in frame n, at 5 fps; every crop is looked at before the next frame. */
async function watch(
  reid: ReidRuntime,
  frames: number,
  personAt: (n: number) => number | undefined,
  paint: (n: number) => Paint,
) {
  const drafts: ObjectDraft[] = [];
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
    reid,
    newObjectId: () => `object-${++ids}`,
    log: silentLogger,
    outlet: eventsOnly((draft) => {
      if ('objectId' in draft) drafts.push(draft);
    }),
  });
  for (let n = 0; n < frames; n++) {
    const x = personAt(n);
    const picture = frame(n, n * 200, paint(n));
    const person = { label: 'person', classId: 0, score: 0.9 };
    stage.update(x === undefined ? [] : [{ ...person, boxPx: [x, 40, x + 60, 140] }], picture, 0);
    picture.release();
    // Answers are handed out a turn after the queue is empty.
    await waitUntil(() => reid.queue.isIdle, 'the looks');
  }
  stage.endAll('stopped');
  return drafts;
}

it.each([
  ['in the same colour goes on as the object that was lost', RED, ['object-1']],
  ['in another colour is another object', BLUE, ['object-1', 'object-2']],
])('somebody %s', async (_who, paint, objects) => {
  // Seen for two seconds, gone for two, then seen again a step further, too far for the tracker.
  const personAt = (n: number) => (n < 10 ? 60 : n >= 20 ? 140 : undefined);
  const drafts = await watch(runtime, 30, personAt, (n) => (n < 20 ? RED : paint));
  const started = drafts.filter(({ type }) => type === 'object.started');
  expect(started.map(({ objectId }) => objectId)).toEqual(objects);
});

describe('a gallery', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-gallery-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function withGallery(gallery: string): Promise<ReidRuntime> {
    const known = runtimeOf({ gallery });
    await known.start().catch(async (error: unknown) => {
      await known.close(5_000);
      throw error;
    });
    return known;
  }

  it('names who looks like one of it, and nobody else', async () => {
    for (const [name, background] of [
      ['red-team', '#fe0000'],
      ['blue-team', '#0000fe'],
    ] as const) {
      mkdirSync(join(folder, name));
      const picture = sharp({ create: { width: 20, height: 50, channels: 3, background } });
      await picture.jpeg({ quality: 95 }).toFile(join(folder, name, 'one.jpg'));
    }
    const known = await withGallery(folder);
    for (const [paint, value] of [
      [RED, 'red-team'],
      [BLUE, 'blue-team'],
      [GREEN, undefined],
    ] as const) {
      const drafts = await watch(
        known,
        20,
        () => 60,
        () => paint,
      );
      expect(drafts[0]).toMatchObject({ type: 'object.started', attributes: {} });
      const attributes = value === undefined ? {} : { known_as: { value, score: expect.closeTo(1, 1) } };
      expect(drafts.at(-1)).toMatchObject({ type: 'object.ended', attributes });
    }
    await known.close(5_000);
  });

  it('that is empty or no folder is refused', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    await expect(withGallery(empty)).rejects.toMatchObject({ code: 'config_invalid', message: /nobody/ });
    await expect(withGallery(join(folder, 'none'))).rejects.toMatchObject({ message: /cannot be read/ });
  });
});
