import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { OcellusError } from '../base/errors.ts';
import { SCENE_DEFAULTS, Scene } from '../capture/sim/scene.ts';
import { i420Bytes } from '../flow/frame.ts';

const CLIP = { widthPx: 768, heightPx: 432, seconds: 20, seed: 11 };
const ENCODERS = {
  mpeg4: ['-c:v', 'mpeg4', '-q:v', '4', '-g', '20'],
  /** What a camera sends: 2 s from keyframe to keyframe, 4 Mbit/s. */
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-g', '50', '-b:v', '4M'],
};

/**
 * Writes the simulated street as a video file, so that a benchmark takes its pictures through ffmpeg as a camera's.
 * @throws OcellusError `tool_missing` without ffmpeg
 */
export async function writeSceneClip(
  path: string,
  fps = 10,
  encoder: keyof typeof ENCODERS = 'mpeg4',
): Promise<void> {
  const { widthPx, heightPx, seconds, seed } = CLIP;
  const size = `${widthPx}x${heightPx}`;
  const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', size, '-r', String(fps), '-i', 'pipe:0'];
  const child = spawn('ffmpeg', ['-v', 'error', '-y', ...input, ...ENCODERS[encoder], path], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const closed = once(child, 'close').catch((cause) => {
    throw new OcellusError('tool_missing', 'ffmpeg cannot be started', {
      hint: 'apt-get install ffmpeg',
      cause,
    });
  });
  const scene = new Scene({ ...SCENE_DEFAULTS, seed, source: { widthPx, heightPx } });
  const frame = { data: new Uint8Array(i420Bytes(widthPx, heightPx)), widthPx, heightPx };
  for (let n = 0; n < fps * seconds; n++) {
    scene.draw((n * 1000) / fps, frame);
    if (!child.stdin.write(Buffer.from(frame.data))) await Promise.race([once(child.stdin, 'drain'), closed]);
  }
  child.stdin.end();
  await Promise.all([finished(child.stdin), closed]);
  if (child.exitCode !== 0) throw new OcellusError('io_failed', `ffmpeg could not write ${path}`);
}
