import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SystemClock } from '../../../src/base/clock.ts';
import { createFrameSource } from '../../../src/capture/open-source.ts';
import { captureSchema } from '../../../src/config/camera-schema.ts';
import { i420Bytes } from '../../../src/flow/frame.ts';
import { FramePool } from '../../../src/flow/frame-pool.ts';
import type { MediaFragment } from '../../../src/flow/media.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-media-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Reads a clip of 2 s at 10 fps once, or again where the first connection failed. */
async function play(encoder: string, file: string) {
  const path = join(folder, file);
  const made = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=10', '-t', '2', '-g', '10'];
  await promisify(execFile)('ffmpeg', [...made, '-pix_fmt', 'yuv420p', '-c:v', encoder, path]);
  const fragments: MediaFragment[] = [];
  const unusable: string[] = [];
  const capturedAtMs: number[] = [];
  const box = { widthPx: 64, heightPx: 64 };
  const source = createFrameSource({
    cameraId: 'hall',
    source: `file:${path}`,
    capture: captureSchema.parse({}),
    detect: { ...box, fps: 10 },
    pool: new FramePool(4, i420Bytes(64, 64)),
    clock: new SystemClock(),
    baseDir: folder,
    media: {
      fragment: (fragment) => void fragments.push(fragment),
      ended() {},
      unusable: (why) => void unusable.push(why),
    },
  });
  const sink = {
    opened() {},
    dropped() {},
    frame: (frame: { times: { captureAtMs: number }; release(): void }) => {
      capturedAtMs.push(frame.times.captureAtMs);
      frame.release();
    },
  };
  const { signal } = new AbortController();
  await source.run(sink, signal).catch(() => source.run(sink, signal));
  return { fragments, unusable, capturedAtMs };
}

it('gives the encoded pictures the capture times of their decoded ones', async () => {
  const { fragments, unusable, capturedAtMs } = await play('libx264', 'a.mp4');
  expect(unusable).toEqual([]);
  const times = fragments.map(({ captureAtMs }) => captureAtMs).sort((a, b) => a - b);
  expect(times).toHaveLength(20);
  expect(capturedAtMs).toHaveLength(20);
  for (const [index, time] of times.entries()) expect(time).toBeCloseTo(capturedAtMs[index]!, 0);
});

it('goes on without the copy when ffmpeg refuses to make it', async () => {
  const { fragments, unusable, capturedAtMs } = await play('huffyuv', 'b.avi');
  expect(fragments).toEqual([]);
  expect(unusable).toEqual(['ffmpeg cannot put the video of this camera into MP4']);
  expect(capturedAtMs).toHaveLength(20);
});
