import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SCENE_DEFAULTS, Scene, type SceneOptions } from '../../../src/capture/sim/scene.ts';
import { i420Bytes } from '../../../src/flow/frame.ts';

export const CLIP_FPS = 25;
const CLIP_PX = { widthPx: 640, heightPx: 360 };

/** Writes the simulated street as H.264 from `startMs` of the scene on, so that a browser gets it as a camera's own stream. */
export async function writeStreetClip(
  path: string,
  options: Partial<SceneOptions>,
  startMs: number,
  seconds: number,
): Promise<Scene> {
  const scene = new Scene({ ...SCENE_DEFAULTS, ...options });
  const { widthPx, heightPx } = CLIP_PX;
  const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${widthPx}x${heightPx}`];
  const child = spawn(
    'ffmpeg',
    [
      ...['-v', 'error', '-y', ...input, '-r', String(CLIP_FPS), '-i', 'pipe:0'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-bf', '0'],
      ...['-g', String(CLIP_FPS), '-crf', '20', '-movflags', '+faststart', path],
    ],
    { stdio: ['pipe', 'ignore', 'inherit'] },
  );
  const closed = once(child, 'close');
  const frame = { data: new Uint8Array(i420Bytes(widthPx, heightPx)), widthPx, heightPx };
  for (let n = 0; n < seconds * CLIP_FPS; n++) {
    scene.draw(startMs + (n * 1000) / CLIP_FPS, frame);
    if (!child.stdin.write(Buffer.from(frame.data))) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  await closed;
  return scene;
}
