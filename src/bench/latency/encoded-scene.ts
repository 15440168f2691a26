import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { OcellusError } from '../../base/errors.ts';
import { SCENE_DEFAULTS, Scene } from '../../capture/sim/scene.ts';
import { drawTimeCode } from '../../capture/sim/time-code.ts';
import { i420Bytes } from '../../flow/frame.ts';

const PICTURE = { widthPx: 640, heightPx: 360, fps: 25, seed: 11 };
/** 2 s from keyframe to keyframe and no B-frames, as a camera for live viewing is set. */
const ENCODER = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-bf', '0', '-g', '50'];

export interface EncodedScene {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A camera with a video of its own: the simulated street, drawn as it happens, each picture with the time at
 * which it was ready, encoded as H.264 at once and served as an MPEG transport stream to whoever asks.
 * @throws OcellusError `tool_missing` without ffmpeg
 */
export async function serveEncodedScene(): Promise<EncodedScene> {
  const stop = new AbortController();
  const streams = new Set<Promise<void>>();
  const encoder = spawn('ffmpeg', ['-version'], { stdio: 'ignore' });
  await once(encoder, 'exit').catch((cause) => {
    throw new OcellusError('tool_missing', 'ffmpeg cannot be started', {
      hint: 'apt-get install ffmpeg',
      cause,
    });
  });
  const server = createServer((_request, response) => {
    const stream = streamTo(response, stop.signal).finally(() => streams.delete(stream));
    streams.add(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/street.ts`,
    close: async () => {
      stop.abort();
      server.close();
      server.closeAllConnections();
      await Promise.all(streams);
    },
  };
}

/** Streams to one client until they go. */
async function streamTo(response: ServerResponse, stop: AbortSignal): Promise<void> {
  const { widthPx, heightPx } = PICTURE;
  const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${widthPx}x${heightPx}`];
  const child = spawn(
    'ffmpeg',
    [
      ...[
        '-v',
        'error',
        '-fflags',
        'nobuffer',
        '-use_wallclock_as_timestamps',
        '1',
        ...input,
        '-i',
        'pipe:0',
      ],
      ...['-fps_mode', 'passthrough', ...ENCODER],
      ...['-f', 'mpegts', '-muxdelay', '0', '-flush_packets', '1', 'pipe:1'],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.writeHead(200, { 'content-type': 'video/mp2t' });
  child.stdout.pipe(response);
  child.stdin.on('error', () => gone.abort());
  await drawInto(child, AbortSignal.any([gone.signal, stop])).finally(() => child.kill('SIGKILL'));
  await exited;
}

/** Draws pictures at their times into an encoder; what could not be drawn in time is left out. */
async function drawInto(child: ChildProcess, signal: AbortSignal): Promise<void> {
  const { widthPx, heightPx, fps, seed } = PICTURE;
  const scene = new Scene({ ...SCENE_DEFAULTS, seed, source: { widthPx, heightPx } });
  const startMs = performance.now();
  const periodMs = 1000 / fps;
  for (let n = 0; !signal.aborted; n++) {
    const waitMs = startMs + n * periodMs - performance.now();
    if (waitMs < -periodMs) continue;
    await sleep(Math.max(0, waitMs), undefined, { signal }).catch(() => {});
    const picture = { data: new Uint8Array(i420Bytes(widthPx, heightPx)), widthPx, heightPx };
    scene.draw(n * periodMs, picture);
    // Drawing is the camera's exposure: what a busy machine takes for it is no delay of what is measured.
    drawTimeCode(Date.now(), picture);
    if (!child.stdin!.write(picture.data)) await once(child.stdin!, 'drain', { signal }).catch(() => {});
  }
}
