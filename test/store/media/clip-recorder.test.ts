import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mediaFanout } from '../../../src/app/media-fanout.ts';
import { silentLogger } from '../../../src/base/log.ts';
import { recordSchema } from '../../../src/config/camera-schema.ts';
import type { MediaFragment, MediaSink } from '../../../src/flow/media.ts';
import { ClipRecorder, preRollKeepMs } from '../../../src/store/media/clip-recorder.ts';
import { MediaRetention } from '../../../src/store/media/media-retention.ts';
import { PreRoll } from '../../../src/store/media/pre-roll.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { copiedClip, readMedia } from '../../fixtures/media-fragments.ts';

let folder = '';
let fragments: MediaFragment[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-recorder-'));
  ({ fragments } = await readMedia(await copiedClip()));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function recorder(record: object = {}, hasRoom = () => true): { clips: ClipRecorder; sink: MediaSink } {
  const config = recordSchema.parse({ enabled: true, preRollMs: 0, postRollMs: 0, ...record });
  const preRoll = new PreRoll(preRollKeepMs(config), config.bufferMiB * 1024 * 1024);
  const clips = new ClipRecorder({ cameraId: 'hall', config, folder, preRoll, hasRoom, log: silentLogger });
  return { clips, sink: mediaFanout([preRoll, clips]) };
}

const NO_LIMIT = { maxBytes: 1e12, maxDays: 1e6 };

async function files(): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found.filter((file) => file.isFile()).map((file) => file.name);
}

async function packets(link: string): Promise<{ pts_time: string; flags: string }[]> {
  const args = ['-v', 'error', '-show_entries', 'packet=pts_time,flags', '-of', 'json', join(folder, link)];
  const { stdout, stderr } = await promisify(execFile)('ffprobe', args);
  expect(stderr).toBe('');
  return JSON.parse(stdout).packets;
}

describe('a clip', () => {
  it('begins at the keyframe before the pre-roll, counts from 0 and is complete after close', async () => {
    const { clips, sink } = recorder({ preRollMs: 300 });
    for (const fragment of fragments.slice(0, 16)) sink.fragment(fragment);
    const link = clips.objectStarted('a', 'person', 2400)!;
    for (const fragment of fragments.slice(16)) sink.fragment(fragment);
    await clips.close();
    expect(link).toBe('clips/hall/1970-01-01/00-00-02.000-a.mp4');
    const read = await packets(link);
    expect(read).toHaveLength(10);
    expect(read[0]!.flags).toMatch(/^K/);
    expect(Number(read[0]!.pts_time)).toBeLessThan(0.3);
  });

  it('is shared by objects that overlap, and ends after the last of them', async () => {
    const { clips, sink } = recorder();
    sink.fragment(fragments[0]!);
    const first = clips.objectStarted('a', 'person', 1000);
    sink.fragment(fragments[1]!);
    expect(clips.objectStarted('b', 'person', 1100)).toBe(first);
    clips.objectEnded('a', 1100);
    for (const fragment of fragments.slice(2, 8)) sink.fragment(fragment);
    clips.objectEnded('b', 1300);
    for (const fragment of fragments.slice(8)) sink.fragment(fragment);
    await clips.close();
    expect(await files()).toHaveLength(1);
    expect((await packets(first!)).length).toBeLessThan(20);
  });

  it('ends when the connection is lost; what is still there gets another', async () => {
    const { clips, sink } = recorder();
    for (const fragment of fragments.slice(0, 5)) sink.fragment(fragment);
    clips.objectStarted('a', 'person', 1000);
    sink.ended();
    const again = await readMedia(await copiedClip('libx265'), 4096, 60_000);
    for (const fragment of again.fragments) sink.fragment(fragment);
    await clips.close();
    expect((await files()).sort()).toEqual(['00-00-01.000-a.mp4', '00-01-00.000-a.mp4']);
    expect(await packets('clips/hall/1970-01-01/00-01-00.000-a.mp4')).toHaveLength(20);
  });

  it.each([
    ['the label is not recorded', { objects: ['car'] }, true],
    ['the disk is nearly full', {}, false],
  ])('is not begun when %s', async (_, record, room) => {
    const { clips, sink } = recorder(record, () => room);
    sink.fragment(fragments[0]!);
    expect(clips.objectStarted('a', 'person', 1000)).toBeNull();
    await clips.close();
    expect(await files()).toEqual([]);
  });

  it('is playable as far as it goes when the power is cut', async () => {
    const { clips, sink } = recorder();
    for (const fragment of fragments.slice(0, 12)) sink.fragment(fragment);
    const link = clips.objectStarted('a', 'person', 1000)!;
    const part = join(folder, `${link}.part`);
    const bytes = fragments.slice(0, 12).reduce((sum, { data }) => sum + data.length, 0);
    const written = async () => (await stat(part).catch(() => ({ size: 0 }))).size >= bytes;
    while (!(await written())) await new Promise((resolve) => setTimeout(resolve, 5));
    const torn = join(folder, 'clips', 'torn.mp4.part');
    await copyFile(part, torn);
    await truncate(torn, bytes - 10);
    await clips.close();
    await writeFile(join(folder, 'clips', 'empty.mp4.part'), '');
    const retention = new MediaRetention({
      ...{ folder, clips: NO_LIMIT, snapshots: NO_LIMIT, reserveBytes: 0 },
      ...{ clock: new FakeClock(), log: silentLogger },
    });
    await retention.start(new AbortController().signal);
    await retention.close();
    expect((await packets('clips/torn.mp4')).length).toBeGreaterThanOrEqual(9);
    expect((await files()).sort()).toEqual(['00-00-01.000-a.mp4', 'torn.mp4']);
  });

  it('ends at its longest, and a folder that cannot be written harms nobody', async () => {
    const { clips, sink } = recorder({ maxMs: 1000 });
    sink.fragment(fragments[0]!);
    const link = clips.objectStarted('a', 'person', 1000)!;
    for (const fragment of fragments.slice(1)) sink.fragment(fragment);
    await clips.close();
    expect((await packets(link)).length).toBeLessThanOrEqual(11);
    await rm(join(folder, 'clips'), { recursive: true });
    await writeFile(join(folder, 'clips'), 'a file where the folder should be');
    const { clips: blocked, sink: blockedSink } = recorder();
    blockedSink.fragment(fragments[0]!);
    blocked.objectStarted('b', 'person', 1000);
    await blocked.close();
    expect(await files()).toEqual(['clips']);
  });
});

describe('the pre-roll', () => {
  it('keeps whole groups of pictures, no more than it must', () => {
    const ring = new PreRoll(500, 1024 * 1024);
    for (const fragment of fragments) ring.fragment(fragment);
    expect(ring.since(2600)).toHaveLength(10);
    const short = new PreRoll(0, 1024 * 1024);
    for (const fragment of fragments) short.fragment(fragment);
    expect(short.since(0)).toHaveLength(10);
  });

  it('holds to its memory: a group of pictures too large is dropped until the next keyframe', () => {
    const most = fragments[0]!.data.length + 10;
    const ring = new PreRoll(60_000, most);
    for (const fragment of fragments) {
      ring.fragment(fragment);
      expect(ring.bytes).toBeLessThanOrEqual(most);
      const [first] = ring.since(0);
      expect(first?.keyframe ?? true).toBe(true);
    }
  });
});
