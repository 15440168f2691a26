import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { owned, scratch } from '../fixtures/owned.ts';
import { startRtspServer } from '../fixtures/rtsp-server.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import { waitUntil } from '../fixtures/wait-until.ts';
import { untilStarted, type WatchedHall, watchHall } from '../fixtures/watched-hall.ts';

const run = promisify(execFile);
const VIDEO = testData('videos', 'one-by-one-person-detection.mp4');
/** Seconds into the video, shortly before a long visit. */
const FROM_S = 88;
const PRE_ROLL_MS = 2_000;
const RECORD = `record: { enabled: true, preRollMs: ${PRE_ROLL_MS}, postRollMs: 1000, maxMs: 60000 }`;

async function clipsIn({ folder }: WatchedHall): Promise<string[]> {
  const names = await readdir(join(folder, 'clips'), { recursive: true }).catch(() => []);
  return names.filter((name) => /\.(mp4|part)$/.test(name)).sort();
}

/** What ffprobe says of a clip, which it must read without a complaint, as must a decoder. */
async function probe(clip: string) {
  const probed = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'stream=codec_name,codec_tag_string:format=duration'],
    ...['-show_entries', 'packet=flags', '-of', 'json', clip],
  ]);
  // Right after a connection the times of reordered pictures are a guess of RTSP's receiver, closer than a frame's duration.
  const decoded = await run('ffmpeg', [
    ...[
      '-v',
      'error',
      '-i',
      clip,
      '-fps_mode',
      'passthrough',
      '-enc_time_base',
      '1:90000',
      '-f',
      'null',
      '-',
    ],
  ]);
  expect(probed.stderr + decoded.stderr).toBe('');
  const { streams, format, packets } = JSON.parse(probed.stdout);
  expect(packets[0].flags, 'the first picture is a keyframe').toMatch(/^K/);
  return { stream: streams[0], durationS: Number(format.duration), pictures: packets.length as number };
}

describeWithTestData('a clip', () => {
  it('that a crash cuts short is complete after the next start, as far as it got', async () => {
    const camera = owned(await startRtspServer({ file: VIDEO, startS: FROM_S }), (server) => server.stop());
    const hall = await watchHall(camera.url(), ['detect: { fps: 5 }', RECORD]);
    const daemon = hall.start();
    const { clip, objectId } = await untilStarted(hall);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    daemon.kill('SIGKILL');
    await daemon.exited;
    expect(await clipsIn(hall)).toEqual([expect.stringMatching(/\.mp4\.part$/)]);
    await camera.stop();
    hall.start();
    await waitUntil(() => hall.of('object.ended').length > 0, 'the end of the visit', 30_000);
    expect(hall.of('object.ended')[0]).toMatchObject({ objectId, cause: 'restarted', clip });
    await waitUntil(async () => (await clipsIn(hall))[0]?.endsWith('.mp4') === true, 'the clip', 30_000);
    const { durationS, pictures } = await probe(join(hall.folder, clip!));
    expect(pictures).toBeGreaterThan(20);
    expect(durationS).toBeGreaterThan(PRE_ROLL_MS / 1000);
  });

  it('ends with the connection and another begins when it is back, for a visitor who is still there', async () => {
    const first = owned(await startRtspServer({ file: VIDEO, startS: FROM_S }), (server) => server.stop());
    const hall = await watchHall(first.url(), [
      'detect: { fps: 5 }',
      'track: { lostMs: 15000 }',
      'capture: { backoffInitialMs: 200, backoffMaxMs: 500 }',
      RECORD,
    ]);
    const daemon = hall.start();
    const { clip, objectId } = await untilStarted(hall);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await first.kill();
    const goneS = FROM_S + (Date.now() - first.playsAtMs.at(-1)!) / 1000;
    owned(await startRtspServer({ file: VIDEO, port: first.port, startS: Math.round(goneS) }), (server) =>
      server.stop(),
    );
    const complete = () => daemon.log.filter(({ msg }) => msg === 'clip complete').length;
    await waitUntil(() => complete() === 2, 'two clips', 60_000);
    expect(hall.of('object.started')).toHaveLength(1);
    const names = await clipsIn(hall);
    expect(names).toEqual([expect.stringContaining(objectId), expect.stringContaining(objectId)]);
    expect(join('clips', names[0]!)).toBe(clip);
    for (const name of names) {
      expect((await probe(join(hall.folder, 'clips', name))).durationS).toBeGreaterThan(1);
    }
  });

  it('of an H.265 camera holds its stream as it came', async () => {
    const file = join(await scratch('h265'), 'h265.mp4');
    await run('ffmpeg', [
      ...['-v', 'error', '-ss', String(FROM_S), '-t', '15', '-i', VIDEO, '-an', '-tag:v', 'hvc1'],
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=10', file],
    ]);
    const camera = owned(await startRtspServer({ file, codec: 'h265' }), (server) => server.stop());
    const hall = await watchHall(camera.url(), ['detect: { fps: 5 }', RECORD.replace('60000', '6000')]);
    const daemon = hall.start();
    const { clip } = await untilStarted(hall);
    const complete = () => daemon.log.some(({ msg }) => msg === 'clip complete');
    await waitUntil(complete, 'the clip to be complete', 30_000);
    const { stream, durationS } = await probe(join(hall.folder, clip!));
    expect(stream).toEqual({ codec_name: 'hevc', codec_tag_string: 'hvc1' });
    expect(durationS).toBeGreaterThan(PRE_ROLL_MS / 1000);
  });
});
