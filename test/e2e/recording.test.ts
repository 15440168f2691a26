import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { owned } from '../fixtures/owned.ts';
import { startRtspServer } from '../fixtures/rtsp-server.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import { waitUntil } from '../fixtures/wait-until.ts';
import { untilStarted, watchHall } from '../fixtures/watched-hall.ts';

const run = promisify(execFile);
const VIDEO = testData('videos', 'one-by-one-person-detection.mp4');
const PRE_ROLL_MS = 2_000;

describeWithTestData('a visit to an RTSP camera that records', () => {
  it('is a clip that begins before it, at a keyframe, and plays in ffprobe and in a browser', async () => {
    const camera = owned(await startRtspServer({ file: VIDEO }), (server) => server.stop());
    const hall = await watchHall(camera.url(), [
      'detect: { fps: 5 }',
      `record: { enabled: true, preRollMs: ${PRE_ROLL_MS}, postRollMs: 1000, maxMs: 12000 }`,
    ]);
    const { folder } = hall;
    const daemon = hall.start();
    const started = await untilStarted(hall);
    const complete = () => daemon.log.some(({ msg }) => msg === 'clip complete');
    await waitUntil(complete, 'the clip to be complete', 30_000);
    expect(started.clip).toMatch(new RegExp(`^clips/hall/[0-9-]{10}/[0-9.-]+-${started.objectId}\\.mp4$`));
    const clip = join(folder, started.clip!);

    const probed = await run('ffprobe', [
      ...['-v', 'error', '-show_entries', 'stream=codec_name,width,height:format=duration'],
      ...['-show_entries', 'packet=flags,pts_time', '-of', 'json', clip],
    ]);
    expect(probed.stderr).toBe('');
    const { streams, format, packets } = JSON.parse(probed.stdout);
    expect(streams).toEqual([{ codec_name: 'h264', width: 768, height: 432 }]);
    expect(packets[0].flags).toMatch(/^K/);
    const durationS = Number(format.duration);
    expect(durationS).toBeGreaterThan(5);
    expect(durationS).toBeLessThan(14);
    const decoded = await run('ffmpeg', ['-v', 'error', '-i', clip, '-f', 'null', '-']);
    expect(decoded.stderr).toBe('');

    // Its name says when it begins: the picture that far into the video must be the clip's first.
    const day = started.clip!.split('/')[2]!;
    const time = started
      .clip!.split('/')[3]!
      .slice(0, 12)
      .replace(/^(\d\d)-(\d\d)-/, '$1:$2:');
    const beginsAtMs = Date.parse(`${day}T${time}Z`);
    expect(beginsAtMs).toBeLessThanOrEqual(started.startedAtMs - PRE_ROLL_MS + 100);
    const videoS = (beginsAtMs - camera.playsAtMs.at(-1)!) / 1000;
    const offS = (await bestMatchS(clip, videoS)) - videoS;
    expect(Math.abs(offS), `the clip is ${offS} s off`).toBeLessThanOrEqual(0.5);

    const page = join(folder, 'page.html');
    await writeFile(page, PAGE.replace('CLIP', `file://${clip}`));
    const browser = await run('chromium', [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--allow-file-access-from-files'],
      ...['--autoplay-policy=no-user-gesture-required', `--user-data-dir=${folder}/chromium`],
      ...['--virtual-time-budget=20000', '--dump-dom', `file://${page}`],
    ]);
    expect(browser.stdout).toContain('played 768x432');
    expect(await daemon.stop()).toEqual({ status: 143, signal: null });
    const names = await readdir(join(folder, 'clips'), { recursive: true });
    expect(names.filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

const PAGE = `<video id="v" muted src="CLIP"></video><p id="p">waiting</p><script>
  const say = (text) => { document.getElementById('p').textContent = text; };
  const v = document.getElementById('v');
  v.onerror = () => say('error ' + v.error.message);
  v.ontimeupdate = () => { if (v.currentTime > 1) say('played ' + v.videoWidth + 'x' + v.videoHeight); };
  v.play().catch((error) => say('refused ' + error));
</script>`;

const LUMA = { width: 96, height: 54 };

/** Where in the video, s, the third second of the clip comes from, minus those 3 s; looked for around `nearS`. */
async function bestMatchS(clip: string, nearS: number): Promise<number> {
  const offsetS = 3;
  const fromS = Math.max(0, nearS + offsetS - 2);
  const [wanted] = await lumas(clip, offsetS, 1);
  const candidates = await lumas(VIDEO, fromS, 40);
  const differences = candidates.map((luma) =>
    luma.reduce((sum, value, at) => sum + Math.abs(value - wanted![at]!), 0),
  );
  const best = differences.indexOf(Math.min(...differences));
  return fromS + best / 10 - offsetS;
}

/** Small grey pictures at 10 a second. */
async function lumas(file: string, fromS: number, count: number): Promise<Uint8Array[]> {
  const { width, height } = LUMA;
  const { stdout } = await run(
    'ffmpeg',
    [
      ...['-v', 'error', '-ss', String(fromS), '-i', file, '-frames:v', String(count)],
      ...['-vf', `fps=10,scale=${width}:${height},format=gray`, '-f', 'rawvideo', 'pipe:1'],
    ],
    { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 },
  );
  const bytes = width * height;
  return Array.from({ length: Math.floor(stdout.length / bytes) }, (_, at) =>
    stdout.subarray(at * bytes, (at + 1) * bytes),
  );
}
