import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RtspServer, type RtspServerOptions, startRtspServer } from '../fixtures/rtsp-server.ts';
import { startBlackHole } from '../fixtures/streams-black-hole.ts';
import { makeClip } from '../fixtures/streams-clip.ts';
import { HttpStreams } from '../fixtures/streams-http.ts';
import { CaptureRig, childrenWith, gaps, type RigOptions } from './capture-rig.ts';

const run = promisify(execFile);

let directory: string;
let clip: string;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ocellus-capture-'));
  clip = await makeClip({ directory, name: 'clip.mp4', size: '640x360', fps: 10, seconds: 20 });
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  expect(await childrenWith('ffmpeg')).toEqual([]);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function watch(options: RigOptions): Promise<CaptureRig> {
  const rig = new CaptureRig(options);
  closing.push(() => rig.close());
  return rig.start();
}

async function serve(options: Partial<RtspServerOptions> = {}): Promise<RtspServer> {
  const server = await startRtspServer({ file: clip, ...options });
  closing.push(() => server.stop());
  return server;
}

describe('RTSP through ffmpeg', () => {
  it.each(['tcp', 'udp'])(
    'brings frames over %s with the size and codec of the camera',
    async (transport) => {
      const server = await serve();
      const rig = await watch({ source: server.url(), capture: { transport } });
      await rig.until(() => rig.frames.length >= 20, '20 frames');
      expect(rig.infos[0]).toMatchObject({
        source: { widthPx: 640, heightPx: 360 },
        frame: { widthPx: 320, heightPx: 180 },
        colour: { matrix: 'bt601', range: 'limited' },
      });
      expect(rig.infos[0]?.codec).toMatch(/^h264/);
      expect(rig.states).toEqual(['connecting', 'live']);
      expect(rig.frames.map((frame) => frame.seq)).toEqual(rig.frames.map((_, n) => n + 1));
    },
  );

  it('stamps frames with their arrival from the camera, not with the time at which the pipe was read', async () => {
    const server = await serve();
    const rig = await watch({
      source: server.url(),
      // Every tenth frame keeps the whole process busy, as a stalled main thread would.
      onFrame: (frame) => {
        if (frame.seq % 10 === 5) blockFor(450);
      },
    });
    await rig.until(() => rig.frames.length >= 60, '60 frames');
    const settled = rig.frames.slice(10);
    const readLate = settled
      .slice(1)
      .map((frame, n) => frame.times.decodedAtMs - settled[n]!.times.decodedAtMs);
    expect(Math.max(...readLate)).toBeGreaterThan(400);
    for (const gapMs of gaps(settled)) expect(Math.abs(gapMs - 100)).toBeLessThan(25);
    // The first picture leaves the server when it plays.
    const startMs = server.playsAtMs[0]!;
    for (const [n, frame] of rig.frames.entries()) {
      expect(Math.abs(frame.times.captureAtMs - (startMs + n * 100))).toBeLessThan(500);
    }
  });

  it('lets through the rate that is asked for, evenly', async () => {
    const server = await serve();
    const rig = await watch({ source: server.url(), fps: 5 });
    await rig.until(() => rig.frames.length >= 15, '15 frames');
    for (const gapMs of gaps(rig.frames.slice(2))) expect(Math.abs(gapMs - 200)).toBeLessThan(40);
  });

  it.each(['basic', 'digest'] as const)(
    'logs in with %s and a password of special characters',
    async (auth) => {
      const server = await serve({ user: 'cam', password: 'p@s:/w#rd', auth });
      const rig = await watch({ source: server.url('cam:p%40s%3A%2Fw%23rd') });
      await rig.until(() => rig.frames.length >= 3, 'frames');
    },
  );

  it('reads rtsps', async () => {
    const pem = join(directory, 'tls.pem');
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-keyout', `${pem}.key`, '-out', `${pem}.crt`],
    ]);
    await writeFile(pem, `${await readFile(`${pem}.key`, 'utf8')}${await readFile(`${pem}.crt`, 'utf8')}`);
    const server = await serve({ tls: pem });
    const rig = await watch({ source: server.url() });
    await rig.until(() => rig.frames.length >= 3, 'frames');
  });

  it('tells a wrong password, a wrong path, a closed port and an unknown host apart', async () => {
    const server = await serve({ user: 'cam', password: 'right' });
    const cases = [
      { source: server.url('cam:wrong'), state: 'failed:auth_failed' },
      { source: server.url('cam:right', '/nope'), state: 'failed:not_found' },
      { source: 'rtsp://127.0.0.1:1/stream', state: 'reconnecting:unreachable' },
      { source: 'rtsp://no-such-host.invalid/stream', state: 'reconnecting:unreachable' },
    ];
    for (const { source, state } of cases) {
      const rig = await watch({ source });
      await rig.until(() => rig.states.includes(state), state);
      expect(rig.states).toEqual(['connecting', state]);
    }
  });

  it('gives up a camera that accepts the connection and says nothing', async () => {
    const hole = await startBlackHole();
    closing.push(() => hole.close());
    const rig = await watch({ source: `rtsp://127.0.0.1:${hole.port}/s`, capture: { openTimeoutMs: 1_500 } });
    await rig.until(() => rig.states.includes('reconnecting:unreachable'), 'unreachable');
  });

  it('comes back when the server was killed and restarted, and no frame comes twice', async () => {
    const server = await serve();
    const rig = await watch({ source: server.url() });
    await rig.until(() => rig.frames.length >= 15, 'frames');
    await server.kill();
    await rig.until(() => rig.states.some((state) => state.startsWith('reconnecting')), 'reconnecting');
    const before = rig.frames.length;
    await serve({ port: server.port, startS: 5 });
    await rig.until(() => rig.frames.length >= before + 15, 'frames again');
    const seqs = rig.frames.map((frame) => frame.seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(new Set(seqs).size).toBe(seqs.length);
    for (const gapMs of gaps(rig.frames)) expect(gapMs).toBeGreaterThan(0);
    expect(rig.states.at(-1)).toBe('live');
  });

  it('notices a server that hangs', async () => {
    const server = await serve();
    const rig = await watch({ source: server.url() });
    await rig.until(() => rig.frames.length >= 5, 'frames');
    server.pause(true);
    await rig.until(() => rig.camera.state.state === 'reconnecting', 'reconnecting');
    server.pause(false);
    await rig.until(() => rig.camera.state.state === 'live', 'live');
  });

  it('recovers when its ffmpeg is killed', async () => {
    const server = await serve();
    const rig = await watch({ source: server.url() });
    await rig.until(() => rig.frames.length >= 5, 'frames');
    const [child] = await childrenWith('rtsp://');
    process.kill(child!, 'SIGKILL');
    await rig.until(() => rig.states.includes('reconnecting:ended'), 'reconnecting');
    await rig.until(() => rig.states.at(-1) === 'live', 'live');
    expect(await childrenWith('rtsp://')).not.toContain(child);
  });

  it('keeps a dead camera from disturbing another', async () => {
    const server = await serve();
    const dead = await watch({ source: 'rtsp://127.0.0.1:1/stream', capture: { backoffMaxMs: 100 } });
    const alive = await watch({ source: server.url() });
    await alive.until(() => alive.frames.length >= 30, 'frames');
    expect(alive.states).toEqual(['connecting', 'live']);
    expect(dead.frames).toEqual([]);
  });
});

describe('HTTP through ffmpeg', () => {
  async function http(credentials?: string): Promise<HttpStreams> {
    const streams = new HttpStreams({
      directory,
      mjpegFile: 'clip.mp4',
      ...(credentials && { credentials }),
    });
    await streams.start();
    closing.push(() => streams.stop());
    return streams;
  }

  it('reads MJPEG in real time', async () => {
    const streams = await http();
    const rig = await watch({ source: streams.url('/mjpeg') });
    await rig.until(() => rig.frames.length >= 20, 'frames');
    expect(rig.infos[0]?.codec).toMatch(/^mjpeg/);
    const spanMs = rig.frames.at(-1)!.times.captureMonoMs - rig.frames[0]!.times.captureMonoMs;
    expect(spanMs).toBeGreaterThan(1_500);
  });

  it('tells a wrong password', async () => {
    const streams = await http('u:p');
    const rig = await watch({ source: streams.url('/mjpeg', 'u:wrong') });
    await rig.until(() => rig.states.includes('failed:auth_failed'), 'auth_failed');
  });

  it('plays a recording once, at its own speed', async () => {
    await makeClip({ directory, name: 'short.mp4', size: '320x240', fps: 10, seconds: 2 });
    const streams = await http();
    const rig = await watch({ source: streams.url('/short.mp4') });
    await rig.until(() => rig.states.at(-1) === 'disabled:ended', 'end');
    expect(rig.frames).toHaveLength(20);
    const spanMs = rig.frames.at(-1)!.times.decodedAtMs - rig.frames[0]!.times.decodedAtMs;
    expect(spanMs).toBeGreaterThan(1_500);
  });

  it('reads HLS', async () => {
    await run('ffmpeg', [
      ...[
        '-v',
        'error',
        '-y',
        '-i',
        clip,
        '-c',
        'copy',
        '-f',
        'hls',
        '-hls_time',
        '2',
        '-hls_list_size',
        '0',
      ],
      join(directory, 'live.m3u8'),
    ]);
    const streams = await http();
    const rig = await watch({ source: streams.url('/live.m3u8') });
    await rig.until(() => rig.frames.length >= 25, 'frames');
  });
});

describe('files through ffmpeg', () => {
  it('reads as fast as the consumer takes them, on media time, every frame once', async () => {
    let waiting = 0;
    let most = 0;
    const rig = await watch({
      source: `file:${clip}`,
      onFrame: async () => {
        waiting += 1;
        most = Math.max(most, waiting);
        await new Promise((resolve) => setTimeout(resolve, 2));
        waiting -= 1;
      },
    });
    await rig.until(() => rig.states.at(-1) === 'disabled:ended', 'end');
    expect(rig.frames).toHaveLength(200);
    expect(most).toBe(1);
    for (const gapMs of gaps(rig.frames)) expect(gapMs).toBeCloseTo(100, 6);
    expect(rig.camera.drops.snapshot()).toEqual({});
    expect(rig.pool.inUse).toBe(0);
  });

  it('plays in real time, and for ever', async () => {
    await makeClip({ directory, name: 'second.mp4', size: '320x240', fps: 10, seconds: 1 });
    const rig = await watch({ source: `file:${join(directory, 'second.mp4')}?loop=1&realtime=1` });
    await rig.until(() => rig.frames.length >= 25, 'frames');
    expect(rig.states).toEqual(['connecting', 'live']);
    const spanMs = rig.frames.at(-1)!.times.captureMonoMs - rig.frames[0]!.times.captureMonoMs;
    expect(spanMs).toBeGreaterThan(2_000);
  });

  it('gives what there is of a truncated file, then ends', async () => {
    const part = await makeClip({ directory, name: 'part.mkv', size: '640x360', fps: 10, seconds: 10 });
    await truncate(part, 200_000);
    const rig = await watch({ source: `file:${part}` });
    await rig.until(() => rig.states.at(-1) === 'disabled:ended', 'end');
    expect(rig.frames.length).toBeGreaterThan(5);
    expect(rig.frames.length).toBeLessThan(100);
  });

  it.each([
    { reason: 'no such file', name: 'absent.mp4', content: undefined, state: 'failed:not_found' },
    { reason: 'no video', name: 'text.mp4', content: 'hello', state: 'reconnecting:decode_error' },
  ])('fails with a cause: $reason', async ({ name, content, state }) => {
    const path = join(directory, name);
    if (content !== undefined) await writeFile(path, content);
    const rig = await watch({ source: `file:${path}` });
    await rig.until(() => rig.states.includes(state), state);
  });

  it('keeps pictures whole when the camera changes its size', async () => {
    const parts = [
      await makeClip({
        directory,
        name: 'a.h264',
        size: '640x360',
        fps: 10,
        seconds: 2,
        picture: 'color=c=white',
      }),
      await makeClip({
        directory,
        name: 'b.h264',
        size: '320x240',
        fps: 10,
        seconds: 2,
        picture: 'color=c=black',
      }),
    ];
    const both = join(directory, 'both.h264');
    await writeFile(both, Buffer.concat(await Promise.all(parts.map((part) => readFile(part)))));
    const rig = await watch({ source: `file:${both}`, capture: { inputArgs: ['-framerate', '10'] } });
    await rig.until(() => rig.states.at(-1) === 'disabled:ended', 'end');
    expect(rig.infos.map((info) => [info.source.heightPx, info.frame.heightPx])).toEqual([
      [360, 180],
      [240, 180],
    ]);
    const lumas = new Set(
      rig.frames.map((frame) => `${frame.widthPx}x${frame.heightPx} ${Math.round(frame.luma)}`),
    );
    expect([...lumas]).toEqual(['320x180 235', '320x180 16']);
    expect(rig.frames.length).toBeGreaterThanOrEqual(38);
  });
});

function blockFor(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}
