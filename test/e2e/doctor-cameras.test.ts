import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import { clockFinding } from '../../src/cli/doctor/camera-clock.ts';
import { cameraFindings } from '../../src/cli/doctor/cameras.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { configSchema } from '../../src/config/schema.ts';
import { scratch } from '../config/scratch.ts';
import { type RtspServer, type RtspServerOptions, startRtspServer } from '../fixtures/rtsp-server.ts';

let server: RtspServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** A clip of 20 s at 10 pictures a second, whose keyframes and B-frames are as asked. */
function clip(gop: number, bFrames: number): string {
  const file = join(scratch({}), 'clip.mp4');
  const x264 = `keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=${bFrames}:b-adapt=0`;
  execFileSync('ffmpeg', [
    ...[
      '-hide_banner',
      '-loglevel',
      'error',
      '-f',
      'lavfi',
      '-i',
      'testsrc=size=320x240:rate=10',
      '-t',
      '20',
    ],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-x264-params', x264, file],
  ]);
  return file;
}

async function findings(options: RtspServerOptions, credentials?: string): Promise<Map<string, Finding>> {
  server = await startRtspServer(options);
  const config = configSchema.parse({
    models: { default: { file: 'm.onnx' } },
    cameras: { front: { source: server.url(credentials) } },
  });
  const found = await cameraFindings(config, process.env, new SystemClock());
  return new Map(found.map((finding) => [finding.id.replace('camera:front', ''), finding]));
}

describe('a camera is watched for some seconds', () => {
  test('one as it should be', async () => {
    const found = await findings({ file: clip(20, 0) });
    expect(found.get(':stream')?.summary).toMatch(
      /^h264 \(.+\) 320x240, (9|10|11)(\.\d)? pictures a second, a keyframe every 20 pictures, [12](\.\d)? s, no B-frames$/,
    );
    expect([...found.values()].filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(found.get(':clock')).toMatchObject({ status: 'ok', summary: 'within 2 s of this device' });
  });

  test('one with B-frames and rare keyframes', async () => {
    const found = await findings({ file: clip(60, 2) });
    expect(found.get(':stream:keyframes')).toMatchObject({ status: 'warn' });
    expect(found.get(':stream:keyframes')?.remedy).toContain('1 to 4 s');
    expect(found.get(':stream:b-frames')).toMatchObject({ status: 'warn' });
  });

  test('a password that is wrong, and one that is missing', async () => {
    const options = { file: clip(20, 0), user: 'viewer', password: 'right' };
    expect((await findings(options, 'viewer:wrong')).get(':stream')).toMatchObject({
      status: 'fail',
      summary: 'the camera refuses the user "viewer" or its password',
    });
    await server!.stop();
    expect((await findings(options)).get(':stream')).toMatchObject({
      status: 'fail',
      summary: 'the camera wants a user and a password, and the source has none',
    });
  });
});

test('a clock that is wrong', () => {
  expect(clockFinding('camera:a', Date.UTC(2026, 0, 1, 12), Date.UTC(2026, 0, 1, 13))).toEqual([
    {
      id: 'camera:a:clock',
      status: 'warn',
      summary: "the camera's clock is 3599.5 s behind this device's",
      remedy: 'let the camera get its time by NTP, from the same server as this device',
    },
  ]);
  expect(clockFinding('camera:a', null, 0)).toEqual([]);
});
