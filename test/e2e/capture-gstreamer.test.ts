import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RtspServer, type RtspServerOptions, startRtspServer } from '../fixtures/rtsp-server.ts';
import { makeClip } from '../fixtures/streams-clip.ts';
import { CaptureRig, childrenWith, gaps, type RigOptions } from './capture-rig.ts';

let directory: string;
let clip: string;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ocellus-gst-'));
  clip = await makeClip({ directory, name: 'clip.mp4', size: '640x360', fps: 10, seconds: 15 });
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  expect(await childrenWith('gst-launch')).toEqual([]);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function watch(options: RigOptions): Promise<CaptureRig> {
  const rig = new CaptureRig({ ...options, capture: { backend: 'gstreamer', ...options.capture } });
  closing.push(() => rig.close());
  return rig.start();
}

async function serve(options: Partial<RtspServerOptions> = {}): Promise<RtspServer> {
  const server = await startRtspServer({ file: clip, ...options });
  closing.push(() => server.stop());
  return server;
}

describe('RTSP through GStreamer', () => {
  it.each(['tcp', 'udp'])(
    'brings frames over %s with the size, codec and time of the camera',
    async (transport) => {
      const server = await serve({ user: 'cam', password: 'p@w' });
      const rig = await watch({ source: server.url('cam:p%40w'), capture: { transport } });
      await rig.until(() => rig.frames.length >= 30, '30 frames');
      expect(rig.infos[0]).toMatchObject({
        source: { widthPx: 640, heightPx: 360 },
        frame: { widthPx: 320, heightPx: 180 },
        codec: 'h264',
      });
      for (const gapMs of gaps(rig.frames.slice(10))) expect(Math.abs(gapMs - 100)).toBeLessThan(30);
    },
  );

  it('tells a wrong password, a wrong path and a closed port apart', async () => {
    const server = await serve({ user: 'cam', password: 'right' });
    const cases = [
      { source: server.url('cam:wrong'), state: 'failed:auth_failed' },
      { source: server.url('cam:right', '/nope'), state: 'failed:not_found' },
      { source: 'rtsp://127.0.0.1:1/stream', state: 'reconnecting:unreachable' },
    ];
    for (const { source, state } of cases) {
      const rig = await watch({ source });
      await rig.until(() => rig.states.includes(state), state);
      expect(rig.states).toEqual(['connecting', state]);
    }
  });

  it('comes back when the server was killed and restarted, and when gst-launch was killed', async () => {
    const server = await serve();
    const rig = await watch({ source: server.url() });
    await rig.until(() => rig.frames.length >= 10, 'frames');
    await server.kill();
    await rig.until(() => rig.camera.state.state !== 'live', 'loss');
    await serve({ port: server.port });
    await rig.until(() => rig.camera.state.state === 'live', 'live');
    const [child] = await childrenWith('gst-launch');
    process.kill(child!, 'SIGKILL');
    await rig.until(() => rig.states.at(-1) === 'reconnecting:ended', 'loss');
    await rig.until(() => rig.camera.state.state === 'live', 'live');
    const seqs = rig.frames.map((frame) => frame.seq);
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  });
});

describe('files through GStreamer', () => {
  it('reads as fast as the consumer takes them, on media time, every frame once', async () => {
    const rig = await watch({ source: `file:${clip}`, onFrame: () => Promise.resolve() });
    await rig.until(() => rig.states.at(-1) === 'disabled:ended', 'end');
    expect(rig.frames).toHaveLength(150);
    for (const gapMs of gaps(rig.frames)) expect(Math.abs(gapMs - 100)).toBeLessThan(1);
    expect(rig.pool.inUse).toBe(0);
  });

  it('fails with a cause where there is no file', async () => {
    const rig = await watch({ source: `file:${join(directory, 'absent.mp4')}` });
    await rig.until(() => rig.states.includes('failed:not_found'), 'not_found');
  });
});

describe("a user's pipeline", () => {
  it('brings pictures whole whose rows GStreamer pads', async () => {
    const pipeline =
      'videotestsrc pattern=white is-live=true ! video/x-raw,format=I420,width=322,height=241,framerate=10/1 ! fdsink';
    const rig = await watch({ source: 'csi://0', capture: { pipeline } });
    await rig.until(() => rig.frames.length >= 5, 'frames');
    expect(rig.infos[0]?.frame).toEqual({ widthPx: 322, heightPx: 241 });
    for (const frame of rig.frames) expect(frame.luma).toBe(235);
  });

  it('is told what is wrong with its format', async () => {
    const pipeline = 'videotestsrc ! video/x-raw,format=NV12 ! fdsink';
    const rig = await watch({ source: 'csi://0', capture: { pipeline } });
    await rig.until(() => rig.states.includes('reconnecting:decode_error'), 'decode_error');
  });

  it.each([
    { reason: 'a Jetson element elsewhere', pipeline: undefined },
    { reason: 'an unknown element', pipeline: 'nosuchelement ! fdsink' },
  ])('says that an element is missing: $reason', async ({ pipeline }) => {
    const rig = await watch({ source: 'csi://0', capture: pipeline === undefined ? {} : { pipeline } });
    await rig.until(() => rig.states.includes('failed:not_found'), 'not_found');
  });
});
