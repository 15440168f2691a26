import sharp from 'sharp';
import { beforeEach, expect, it } from 'vitest';
import { ViewStage } from '../../src/app/view-stage.ts';
import { silentLogger } from '../../src/base/log.ts';
import { snapshotsSchema } from '../../src/config/camera-schema.ts';
import type { Frame } from '../../src/flow/frame.ts';
import { i420Bytes } from '../../src/flow/frame.ts';

const size = { widthPx: 64, heightPx: 48 };
const source = { widthPx: 640, heightPx: 480 };
let published: { label: string; jpeg: Buffer }[];
let stage: ViewStage;

beforeEach(() => {
  published = [];
  stage = new ViewStage({
    config: snapshotsSchema.parse({}),
    publish: (label, { picture }) => published.push({ label, jpeg: picture }),
    log: silentLogger,
  });
});

/** A grey frame with stripes: something to be sharp. */
function frame(atMs: number, grey = 100): Frame {
  const data = new Uint8Array(i420Bytes(size.widthPx, size.heightPx)).fill(128);
  for (let at = 0; at < size.widthPx * size.heightPx; at++) data[at] = at % 4 < 2 ? grey : grey + 60;
  const times = { captureAtMs: atMs, captureMonoMs: atMs, decodedAtMs: atMs };
  const colour = { matrix: 'bt601', range: 'limited' } as const;
  return { cameraId: 'front', seq: 1, ...size, data, colour, source, times, release() {} };
}

function seen(objectId: string, score: number, label = 'person') {
  return { objectId, label, startedAtMs: 0, score, boxPx: [200, 100, 400, 400] as const };
}

it('publishes the first view at once, then a better one after 5 s, and no worse one', async () => {
  for (const [atMs, score] of [
    [0, 0.5],
    [1_000, 0.9],
    [4_900, 0.6],
    [5_000, 0.5],
    [12_000, 0.4],
  ] as const) {
    stage.look(frame(atMs, atMs / 100), [seen('a', score)]);
    await stage.settled();
  }
  await stage.settled();
  expect(published.map(({ label }) => label)).toEqual(['person', 'person']);
  // The picture is that of the best score, from 1 s, not of the moment of publishing.
  const { channels } = await sharp(published[1]!.jpeg).stats();
  expect(channels[0]!.mean).toBeGreaterThan(20);
  expect(channels[0]!.mean).toBeLessThan(40);
});

it('publishes what is left when the object ends', async () => {
  stage.look(frame(0), [seen('a', 0.5)]);
  stage.look(frame(1_000), [seen('a', 0.9)]);
  stage.forget('a');
  await stage.settled();
  expect(published).toHaveLength(2);
  expect(await sharp(published[1]!.jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 64, height: 48 });
});

it('shows the newest object of a label, and each label by itself', async () => {
  stage.look(frame(0), [seen('a', 0.5), seen('c', 0.5, 'car')]);
  await stage.settled();
  stage.look(frame(1_000), [seen('b', 0.5)]);
  stage.look(frame(9_000), [seen('a', 0.9)]);
  stage.forget('a');
  await stage.settled();
  expect(published.map(({ label }) => label)).toEqual(['person', 'car', 'person']);
});

it('does nothing when it is switched off', async () => {
  const off = new ViewStage({
    config: snapshotsSchema.parse({ enabled: false }),
    publish: () => expect.unreachable(),
    log: silentLogger,
  });
  off.look(frame(0), [seen('a', 0.9)]);
  off.forget('a');
  await off.settled();
  expect(published).toEqual([]);
});
