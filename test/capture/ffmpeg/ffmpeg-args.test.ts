import { describe, expect, it } from 'vitest';
import { type FfmpegJob, ffmpegArgs } from '../../../src/capture/ffmpeg/ffmpeg-args.ts';
import { parseFfmpegVersion } from '../../../src/capture/ffmpeg/ffmpeg-version.ts';
import { captureSchema, HWACCELS } from '../../../src/config/camera-schema.ts';
import { parseSourceUrl } from '../../../src/config/source-url.ts';

function args(source: string, capture: object = {}, version = 'ffmpeg version 6.1.1-3ubuntu5'): string[] {
  const job: FfmpegJob = {
    source: parseSourceUrl(source, '/'),
    capture: captureSchema.parse(capture),
    fps: 5,
    box: { widthPx: 416, heightPx: 416 },
    version: parseFfmpegVersion(version)!,
  };
  return ffmpegArgs(job);
}

/** Arguments before the input, and those after it. */
function around(list: readonly string[]): { before: string; after: string } {
  const input = list.indexOf('-i');
  return { before: list.slice(0, input).join(' '), after: list.slice(input + 2).join(' ') };
}

describe('ffmpegArgs', () => {
  it.each([
    { version: 'ffmpeg version 4.4.2-0ubuntu0.22.04.1', timeout: '-stimeout', sync: '-vsync passthrough' },
    { version: 'ffmpeg version 5.0.1', timeout: '-timeout', sync: '-vsync passthrough' },
    { version: 'ffmpeg version 5.1.9-0+deb12u1', timeout: '-timeout', sync: '-fps_mode passthrough' },
    { version: 'ffmpeg version n6.1.1', timeout: '-timeout', sync: '-fps_mode passthrough' },
    { version: 'ffmpeg version 7.1-static', timeout: '-timeout', sync: '-fps_mode passthrough' },
    { version: 'ffmpeg version 8.0', timeout: '-timeout', sync: '-fps_mode passthrough' },
    { version: 'ffmpeg version N-119999-gabcdef', timeout: '-timeout', sync: '-fps_mode passthrough' },
  ])('$version takes $timeout and $sync', ({ version, timeout, sync }) => {
    const { before, after } = around(args('rtsp://h/s', {}, version));
    expect(before.split(' ')).toContain(timeout);
    expect(before).toContain(`${timeout} 8000000`);
    expect(after).toContain(sync);
    expect(before.split(' ').filter((word) => /^-s?timeout$/.test(word))).toHaveLength(1);
  });

  it.each([
    {
      reason: 'media over the RTSP connection',
      source: 'rtsp://h/s',
      capture: {},
      has: '-rtsp_transport tcp',
    },
    {
      reason: 'media over UDP',
      source: 'rtsp://h/s',
      capture: { transport: 'udp' },
      has: '-rtsp_transport udp',
    },
    {
      reason: 'TLS carries no UDP',
      source: 'rtsps://h/s',
      capture: { transport: 'udp' },
      has: '-rtsp_transport tcp',
    },
    {
      reason: 'no probing: SDP tells',
      source: 'rtsp://h/s',
      capture: {},
      has: '-analyzeduration 0 -probesize 32',
    },
    { reason: 'frame threads would delay', source: 'rtsp://h/s', capture: {}, has: '-threads 1' },
    {
      reason: 'MJPEG has no times',
      source: 'http://h/mjpeg',
      capture: {},
      has: '-use_wallclock_as_timestamps 1',
    },
    { reason: 'a recording plays at its speed', source: 'http://h/a.mp4', capture: {}, has: '-re' },
    { reason: 'segments come in bursts', source: 'http://h/a.m3u8', capture: {}, has: '-re' },
    {
      reason: 'a hung server is given up',
      source: 'http://h/a.m3u8',
      capture: {},
      has: '-rw_timeout 8000000',
    },
    { reason: 'V4L2', source: 'v4l2:/dev/video0', capture: {}, has: '-f v4l2' },
    {
      reason: 'a USB camera at its MJPEG size',
      source: 'v4l2:/dev/video0',
      capture: { inputArgs: ['-input_format', 'mjpeg', '-video_size', '1280x720'] },
      has: '-f v4l2 -input_format mjpeg -video_size 1280x720',
    },
    { reason: 'a file in real time', source: 'file:a.mp4?realtime=1', capture: {}, has: '-re' },
    { reason: 'a file for ever', source: 'file:a.mp4?loop=1', capture: {}, has: '-stream_loop -1' },
    {
      reason: 'own arguments come after the preset and win',
      source: 'rtsp://h/s',
      capture: { hwaccel: 'jetson-nvmpi', inputArgs: ['-c:v', 'hevc_nvmpi'] },
      has: '-c:v h264_nvmpi -c:v hevc_nvmpi',
    },
  ])('$source: $reason', ({ source, capture, has }) => {
    expect(around(args(source, capture)).before).toContain(has);
  });

  it.each([
    { reason: 'a file is read as fast as the consumer takes it', source: 'file:a.mp4', lacks: '-re' },
    { reason: 'a live stream paces itself', source: 'rtsp://h/s', lacks: '-re' },
    { reason: 'RTSP has times of its own', source: 'rtsp://h/s', lacks: '-use_wallclock_as_timestamps' },
    { reason: 'nobuffer would throw the first keyframe away', source: 'rtsp://h/s', lacks: '-fflags' },
  ])('$source has no $lacks: $reason', ({ source, lacks }) => {
    expect(args(source)).not.toContain(lacks);
  });

  it.each([
    { source: 'rtsp://u:p%40@h/s', input: 'rtsp://u:p%40@h/s' },
    { source: 'v4l2:/dev/video2', input: '/dev/video2' },
    { source: 'file:/srv/a b.mp4', input: 'file:/srv/a b.mp4' },
  ])('opens $source', ({ source, input }) => {
    const list = args(source);
    expect(list[list.indexOf('-i') + 1]).toBe(input);
  });

  it('has arguments for every preset, none of which keeps pictures on the device', () => {
    for (const hwaccel of HWACCELS) {
      expect(args('rtsp://h/s', { hwaccel })).not.toContain('-hwaccel_output_format');
    }
  });
});
