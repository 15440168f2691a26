import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../../src/base/clock.ts';
import { decodeStill, type StillJob } from '../../../src/capture/ffmpeg/still-decoder.ts';
import type { MediaFragment } from '../../../src/flow/media.ts';
import { PreRoll } from '../../../src/store/media/pre-roll.ts';
import { readMedia } from '../../fixtures/media-fragments.ts';
import { numberedStream, numberIn } from '../../fixtures/numbered-stream.ts';

const clock = new SystemClock();
const never = new AbortController().signal;
const FPS = 25;
const H264 = {
  encoder: 'libx264',
  encoderArgs: ['-preset', 'ultrafast', '-bf', '3', '-b_strategy', '0', '-g', '50', '-sc_threshold', '0'],
} as const;
const H265 = {
  encoder: 'libx265',
  encoderArgs: ['-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=50:open-gop=1:bframes=3'],
} as const;

function job(fragments: readonly MediaFragment[], more: Partial<StillJob> = {}): StillJob {
  return { program: 'ffmpeg', fragments, colour: { matrix: 'bt709' }, quality: 85, ...more };
}

const made = new Map<unknown, Promise<Buffer>>();

/** A ring that holds a whole stream. */
async function ringOf(stream: typeof H264 | typeof H265) {
  const making = made.get(stream) ?? numberedStream({ ...stream, size: '1280x720', fps: FPS, seconds: 4.4 });
  made.set(stream, making);
  const bytes = await making;
  const { fragments } = await readMedia(bytes, 65_536, 5_000);
  const ring = new PreRoll(60_000, 64 * 1024 * 1024);
  for (const fragment of fragments) ring.fragment(fragment);
  return { ring, fragments };
}

describe.each([
  ['H.264 with B-frames, 50 pictures a group', H264],
  ['H.265 with B-frames and open groups of 50', H265],
])('a still of %s', (_, stream) => {
  it('is the wanted picture at the size of the camera, wherever in the group it is', async () => {
    const { ring, fragments } = await ringOf(stream);
    expect(fragments).toHaveLength(110);
    expect(fragments.some(({ ptsMs }, at) => at > 0 && ptsMs < fragments[at - 1]!.ptsMs)).toBe(true);
    for (const number of [0, 1, 2, 47, 49, 50, 51, 98, 104]) {
      const ptsMs = (number * 1000) / FPS;
      const needed = ring.picture({ captureAtMs: 5_000 + ptsMs, ptsMs });
      if (!Array.isArray(needed)) throw new Error(`picture ${number} is not in the ring`);
      const { picture } = await decodeStill(job(needed), clock, never);
      expect(await sharp(picture).metadata()).toMatchObject({ format: 'jpeg', width: 1280, height: 720 });
      expect(await numberIn(picture)).toBe(number);
    }
  }, 60_000);
});

describe('a still', () => {
  it('has its crop beside it, cut from the same pixels', async () => {
    const { ring } = await ringOf(H264);
    const fragments = ring.picture({ captureAtMs: 6_000 }) as readonly MediaFragment[];
    const crop = { xPx: 320, yPx: 180, widthPx: 640, heightPx: 360 };
    const still = await decodeStill(job(fragments, { crop }), clock, never);
    expect(await sharp(still.crop).metadata()).toMatchObject({ width: 640, height: 360 });
    const cut = { left: 320, top: 180, width: 640, height: 360 };
    const [expected, got] = await Promise.all([
      sharp(still.picture).extract(cut).greyscale().raw().toBuffer(),
      sharp(still.crop).greyscale().raw().toBuffer(),
    ]);
    const off = expected.reduce((sum, luma, at) => sum + Math.abs(luma - got[at]!), 0) / expected.length;
    expect(off).toBeLessThan(3);
  });

  it('has the levels of the video, limited range made full', async () => {
    const { ring } = await ringOf(H264);
    const fragments = ring.picture({ captureAtMs: 5_040 }) as readonly MediaFragment[];
    const { picture } = await decodeStill(job(fragments), clock, never);
    const { data, info } = await sharp(picture).greyscale().raw().toBuffer({ resolveWithObject: true });
    const at = (x: number) => data[90 * info.width + x]!;
    expect(at(80)).toBeGreaterThan(247);
    expect(at(1200)).toBeLessThan(8);
  });

  it('of a picture that is not in the fragments is an error', async () => {
    const { fragments } = await ringOf(H264);
    const strange = { ...fragments[3]!, ptsMs: 99_000 };
    await expect(decodeStill(job([...fragments.slice(0, 3), strange]), clock, never)).rejects.toMatchObject({
      code: 'capture_failed',
      message: 'the picture is not in the video',
    });
  });

  it('of rubbish is an error that tells what ffmpeg says', async () => {
    const { fragments } = await ringOf(H264);
    const stream = { ...fragments[0]!.stream, init: Buffer.from('this is no video') };
    await expect(decodeStill(job([{ ...fragments[0]!, stream }]), clock, never)).rejects.toMatchObject({
      code: 'capture_failed',
      message: expect.stringContaining('pipe:0'),
    });
  });
});

describe('an ffmpeg that misbehaves', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ocellus-still-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A stand-in for ffmpeg that writes down its process id and then does `what`. */
  async function program(what: string): Promise<string> {
    const path = join(folder, 'ffmpeg');
    await writeFile(path, `#!/bin/sh\necho $$ > ${folder}/pid\n${what}\n`);
    await chmod(path, 0o755);
    return path;
  }

  async function leftovers(): Promise<string> {
    const pid = (await readFile(join(folder, 'pid'), 'utf8')).trim();
    return promisify(execFile)('ps', ['-o', 'pid=,stat=', '-p', pid]).then(
      ({ stdout }) => stdout,
      () => '',
    );
  }

  it.each([
    ['hangs', 'exec sleep 600', 'deadline_exceeded'],
    ['hangs and does not listen', "trap '' TERM; while :; do sleep 1; done", 'deadline_exceeded'],
    ['crashes', 'kill -SEGV $$', 'capture_failed'],
    ['ends at once and reads nothing', 'exit 3', 'capture_failed'],
    ['says that all is well and gives nothing', 'cat > /dev/null', 'capture_failed'],
  ])('that %s leaves nothing behind', async (_, what, code) => {
    const { fragments } = await ringOf(H264);
    const bad = job(fragments, { program: await program(what) });
    await expect(decodeStill(bad, clock, never, 300)).rejects.toMatchObject({ code });
    expect(await leftovers()).toBe('');
  });

  it('is ended when nobody waits for it any more', async () => {
    const { fragments } = await ringOf(H264);
    const abort = new AbortController();
    const still = decodeStill(
      job(fragments, { program: await program('exec sleep 600') }),
      clock,
      abort.signal,
    );
    setTimeout(() => abort.abort(), 300);
    await expect(still).rejects.toMatchObject({ name: 'AbortError' });
    expect(await leftovers()).toBe('');
  });
});
