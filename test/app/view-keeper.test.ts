import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { CameraStills } from '../../src/app/camera-stills.ts';
import { MOST_WAITING } from '../../src/app/view-keeper.ts';
import { ViewStage } from '../../src/app/view-stage.ts';
import { SystemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { Turns } from '../../src/base/turns.ts';
import { snapshotsSchema } from '../../src/config/camera-schema.ts';
import { type Frame, i420Bytes } from '../../src/flow/frame.ts';
import type { MediaFragment } from '../../src/flow/media.ts';
import { PreRoll } from '../../src/store/media/pre-roll.ts';
import { SnapshotFiles } from '../../src/store/media/snapshot-files.ts';
import { readMedia } from '../fixtures/media-fragments.ts';
import { numberedStream, numberIn } from '../fixtures/numbered-stream.ts';

const FPS = 10;
const SMALL = { widthPx: 64, heightPx: 36 };
const SOURCE = { widthPx: 640, heightPx: 360 };
const LINK = 'snapshots/hall/1970-01-01/00-00-05.000-a.jpg';

let folder = '';
let ring: PreRoll;
let fragments: readonly MediaFragment[] = [];
beforeAll(async () => {
  const encoderArgs = ['-g', '10', '-bf', '0'];
  const stream = { encoder: 'libx264', encoderArgs, size: '640x360', fps: FPS, seconds: 7 } as const;
  fragments = (await readMedia(await numberedStream(stream), 65_536, 5_000)).fragments;
}, 60_000);
/** Fragments that have come. */
let fed = 0;
let published: { picture: Buffer; crop: Buffer }[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-keeper-'));
  ring = new PreRoll(300, 64 * 1024 * 1024);
  published = [];
  fed = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function stageOf(program = 'ffmpeg', hasRoom = () => true): ViewStage {
  const clock = new SystemClock();
  const common = { cameraId: 'hall', clock, log: silentLogger };
  return new ViewStage({
    config: snapshotsSchema.parse({}),
    stills: new CameraStills({ ...common, source: {}, program, ring, turns: new Turns() }),
    files: new SnapshotFiles({ ...common, folder, hasRoom }),
    publish: (_, jpegs) => published.push(jpegs),
    log: silentLogger,
  });
}

function frame(number: number): Frame {
  const data = new Uint8Array(i420Bytes(SMALL.widthPx, SMALL.heightPx)).fill(128);
  for (let at = 0; at < SMALL.widthPx * SMALL.heightPx; at++) data[at] = at % 4 < 2 ? 60 : 180;
  const ptsMs = (number * 1000) / FPS;
  const times = { captureAtMs: 5_000 + ptsMs, captureMonoMs: ptsMs, decodedAtMs: 5_000 + ptsMs, ptsMs };
  const colour = { matrix: 'bt601', range: 'limited' } as const;
  return { cameraId: 'hall', seq: number, ...SMALL, data, colour, source: SOURCE, times, release() {} };
}

const seen = (score: number) => [
  { objectId: 'a', label: 'person', startedAtMs: 5_000, score, boxPx: [200, 100, 400, 300] as const },
];

/** Plays pictures of the stream as they come: encoded ones and frames. */
async function play(stage: ViewStage, from: number, to: number, scoreOf: (number: number) => number) {
  for (let number = from; number < to; number++) {
    for (; fed <= number; fed++) ring.fragment(fragments[fed]!);
    stage.look(frame(number), seen(scoreOf(number)));
    await stage.settled();
  }
}

const onDisk = async () => numberIn(await readFile(join(folder, LINK)));

it('has the picture that was chosen at full size although the video of it has passed', async () => {
  const stage = stageOf();
  await play(stage, 0, 60, (number) => (number === 20 ? 0.9 : 0.5));
  const needed = ring.picture({ captureAtMs: 7_000, ptsMs: 2_000 });
  expect(needed, 'the ring has moved on').toBeUndefined();
  expect(await Promise.all(published.map(({ picture }) => numberIn(picture)))).toEqual([0, 20]);
  expect(await onDisk()).toBe(20);
  expect(await sharp(published[1]!.picture).metadata()).toMatchObject({ width: 640, height: 360 });
  expect(await sharp(published[1]!.crop).metadata()).toMatchObject({ width: 260, height: 260 });
  expect(stage.linkOf({ objectId: 'a', startedAtMs: 5_000 })).toBe(LINK);
});

it('has a smaller picture where there is no other, but not in place of one of full size', async () => {
  const blind = stageOf('/bin/false');
  await play(blind, 0, 3, () => 0.5);
  expect(await sharp(published[0]!.picture).metadata()).toMatchObject({ width: 64, height: 36 });
  expect(await sharp(published[0]!.crop).metadata()).toMatchObject({ width: 26, height: 26 });

  const stage = stageOf();
  await play(stage, 10, 20, () => 0.5);
  expect(await onDisk()).toBe(10);
  ring.unusable();
  stage.look(frame(21), seen(0.9));
  stage.forget('a');
  await stage.settled();
  expect(published).toHaveLength(2);
  expect(await onDisk()).toBe(10);
});

it('links what is or will be there, and nothing else', async () => {
  let room = false;
  const stage = stageOf('ffmpeg', () => room);
  const a = { objectId: 'a', startedAtMs: 5_000 };
  expect(stage.linkOf(a)).toBeNull();
  await play(stage, 0, 1, () => 0.5);
  expect(published, 'a full disk does not keep it from being published').toHaveLength(1);
  expect(stage.linkOf(a)).toBeNull();
  room = true;
  expect(stage.linkOf(a)).toBe(LINK);

  const unseen = {
    objectId: 'u',
    label: 'person',
    startedAtMs: 7_000,
    score: 0,
    boxPx: [0, 0, 0, 0] as const,
  };
  stage.look(frame(1), [unseen]);
  expect(stage.linkOf(unseen), 'no view of it is worth keeping').toBeNull();

  // Of an object that an earlier run has seen, what that left on disk counts.
  const earlier = { objectId: 'e', startedAtMs: 6_000 };
  const link = 'snapshots/hall/1970-01-01/00-00-06.000-e.jpg';
  expect(stage.linkOf(earlier)).toBeNull();
  await play(stage, 60, 61, () => 0.9);
  await writeFile(join(folder, link), 'a picture');
  expect(stage.linkOf(earlier)).toBe(link);
});

it('does not wait for full size when the daemon is in a hurry to close', async () => {
  const slow = join(folder, 'ffmpeg');
  await writeFile(slow, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
  const stage = stageOf(slow);
  const hurry = new AbortController();
  for (const fragment of fragments) ring.fragment(fragment);
  stage.look(frame(65), seen(0.5));
  stage.forget('a');
  setTimeout(() => hurry.abort(), 100);
  await stage.settled(hurry.signal);
  expect(published).toHaveLength(1);
  expect(await sharp(published[0]!.picture).metadata()).toMatchObject({ width: 64 });
});

it('of a crowd keeps as many as may wait, tells of no picture for the others, and goes on with the next', async () => {
  const files = new SnapshotFiles({ cameraId: 'hall', folder, hasRoom: () => true, log: silentLogger });
  const publish = () => {};
  const stage = new ViewStage({ config: snapshotsSchema.parse({}), files, publish, log: silentLogger });
  const someone = (n: number) => ({ ...seen(0.9)[0]!, objectId: `a${n}` });
  const crowd = Array.from({ length: MOST_WAITING + 10 }, (_, n) => someone(n));
  const links = () => crowd.map((object) => stage.linkOf(object)).filter((link) => link !== null);
  stage.look(frame(0), crowd);
  const linked = links();
  expect(linked.length).toBeGreaterThanOrEqual(MOST_WAITING);
  expect(linked.length).toBeLessThan(crowd.length);
  for (const { objectId } of crowd) stage.forget(objectId);
  await stage.settled();
  expect(files.outcomes.snapshot()).toEqual({
    written: linked.length,
    too_many: crowd.length - linked.length,
  });
  for (const link of linked) await readFile(join(folder, link));
  stage.look(frame(10), [someone(99)]);
  expect(stage.linkOf(someone(99))).not.toBeNull();
  await stage.settled();
  expect(files.outcomes.snapshot()).toMatchObject({ written: linked.length + 1 });
});
