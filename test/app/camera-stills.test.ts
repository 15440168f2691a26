import sharp from 'sharp';
import { expect, it } from 'vitest';
import { CameraStills } from '../../src/app/camera-stills.ts';
import { SystemClock } from '../../src/base/clock.ts';
import { Turns } from '../../src/base/turns.ts';
import { createFrameSource } from '../../src/capture/open-source.ts';
import { captureSchema } from '../../src/config/camera-schema.ts';
import { type Frame, i420Bytes } from '../../src/flow/frame.ts';
import { FramePool } from '../../src/flow/frame-pool.ts';
import { PreRoll } from '../../src/store/media/pre-roll.ts';
import { readMedia } from '../fixtures/media-fragments.ts';
import { numberedStream, numberIn } from '../fixtures/numbered-stream.ts';
import { recordingLog } from '../fixtures/recording-log.ts';

const clock = new SystemClock();
const never = new AbortController().signal;
const FPS = 10;

async function fragmentsOf() {
  const stream = { encoder: 'libx264', size: '640x360', fps: FPS, seconds: 3 } as const;
  return (await readMedia(await numberedStream(stream), 65_536, 5_000)).fragments;
}

function stills(ring: PreRoll, program = 'ffmpeg') {
  const { log, lines } = recordingLog();
  const parts = { cameraId: 'hall', source: {}, program, ring, turns: new Turns(), clock, log };
  return { stills: new CameraStills(parts), lines };
}

function request(number: number) {
  const ptsMs = (number * 1000) / FPS;
  const times = { captureAtMs: 5_000 + ptsMs, captureMonoMs: ptsMs, decodedAtMs: 5_000 + ptsMs, ptsMs };
  return { frame: { times, colour: { matrix: 'bt601', range: 'limited' } as const }, quality: 85 };
}

it('takes the picture of a frame, also while nothing is left of the connection but its video', async () => {
  const ring = new PreRoll(60_000, 64 * 1024 * 1024);
  for (const fragment of await fragmentsOf()) ring.fragment(fragment);
  const { stills: camera, lines } = stills(ring);
  expect(await numberIn((await camera.take(request(12), never))!.picture)).toBe(12);
  ring.ended();
  expect(await numberIn((await camera.take(request(13), never))!.picture)).toBe(13);
  expect(camera.outcomes.snapshot()).toEqual({ full_size: 2 });
  expect(lines).toEqual([]);
});

it('waits for a picture that has yet to come through its pipe', async () => {
  const ring = new PreRoll(60_000, 64 * 1024 * 1024);
  const fragments = await fragmentsOf();
  for (const fragment of fragments.slice(0, 5)) ring.fragment(fragment);
  const { stills: camera } = stills(ring);
  const still = camera.take(request(15), never);
  await clock.sleep(120);
  for (const fragment of fragments.slice(5)) ring.fragment(fragment);
  expect(await numberIn((await still)!.picture)).toBe(15);
});

it('has none without video, or of a time that has passed, and says so once', async () => {
  const ring = new PreRoll(0, 64 * 1024 * 1024);
  const { stills: camera, lines } = stills(ring);
  expect(await camera.take(request(3), never)).toBeUndefined();
  for (const fragment of await fragmentsOf()) ring.fragment(fragment);
  expect(await camera.take({ ...request(3), quality: 85 }, never)).toBeDefined();
  expect(await camera.take(request(-30), never)).toBeUndefined();
  expect(camera.outcomes.snapshot()).toEqual({ no_video: 2, full_size: 1 });
  expect(lines.map(({ level }) => level)).toEqual(['info', 'info', 'info']);
});

it('counts what cannot be decoded and logs the first of it', async () => {
  const ring = new PreRoll(60_000, 64 * 1024 * 1024);
  for (const fragment of await fragmentsOf()) ring.fragment(fragment);
  const { stills: camera, lines } = stills(ring, '/bin/false');
  expect(await camera.take(request(3), never)).toBeUndefined();
  expect(await camera.take(request(4), never)).toBeUndefined();
  expect(camera.outcomes.snapshot()).toEqual({ failed: 2 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 'warn', fields: { camera: 'hall' } });
});

it('has the simulated street drawn at its full size, as it was in the frame', async () => {
  const box = { widthPx: 320, heightPx: 180 };
  const source = createFrameSource({
    cameraId: 'street',
    source: 'sim://scene?seed=7&duration=3&realtime=0&size=1280x720',
    capture: captureSchema.parse({}),
    detect: { ...box, fps: 5 },
    pool: new FramePool(4, i420Bytes(320, 180)),
    clock,
    baseDir: '.',
  });
  const seen: { frame: Pick<Frame, 'times' | 'colour'>; luma: Uint8Array }[] = [];
  const frame = ({ times, colour, data, release }: Frame) => {
    seen.push({ frame: { times, colour }, luma: new Uint8Array(data.subarray(0, 320 * 180)) });
    release();
  };
  await source.run({ opened() {}, dropped() {}, frame }, never);
  const { log } = recordingLog();
  const ring = new PreRoll(0, 1);
  const camera = new CameraStills({
    cameraId: 'street',
    source,
    program: '',
    ring,
    turns: new Turns(),
    clock,
    log,
  });
  const crop = { xPx: 100, yPx: 200, widthPx: 300, heightPx: 400 };
  const still = await camera.take({ frame: seen[9]!.frame, crop, quality: 90 }, never);
  expect(await sharp(still!.picture).metadata()).toMatchObject({ width: 1280, height: 720 });
  expect(await sharp(still!.crop).metadata()).toMatchObject({ width: 300, height: 400 });
  const luma = await sharp(still!.picture).greyscale().resize(320, 180).raw().toBuffer();
  const small = seen[9]!.luma;
  const off = small.reduce((sum, value, at) => sum + Math.abs((value - 16) * (255 / 219) - luma[at]!), 0);
  expect(off / small.length).toBeLessThan(6);
});
