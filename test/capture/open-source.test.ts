import { describe, expect, it } from 'vitest';
import { createFrameSource } from '../../src/capture/open-source.ts';
import { captureSchema } from '../../src/config/camera-schema.ts';
import { FramePool } from '../../src/flow/frame-pool.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

function open(source: string, capture: object = {}) {
  return createFrameSource({
    cameraId: 'front',
    source,
    capture: captureSchema.parse(capture),
    detect: { fps: 5, widthPx: 416, heightPx: 416 },
    pool: new FramePool(1, 1),
    clock: new FakeClock(),
    baseDir: '/srv',
  });
}

describe('createFrameSource', () => {
  it.each([
    {
      source: 'rtsp://u:hunter2@h/s',
      capture: {},
      by: 'FfmpegSource',
      description: 'rtsp://u:***@h/s',
      finite: false,
    },
    { source: 'file:a.mp4', capture: {}, by: 'FfmpegSource', description: 'file:/srv/a.mp4', finite: true },
    {
      source: 'file:a.mp4?loop=1',
      capture: {},
      by: 'FfmpegSource',
      description: 'file:/srv/a.mp4',
      finite: false,
    },
    { source: 'csi://0', capture: {}, by: 'GstSource', description: 'csi://0', finite: false },
    {
      source: 'rtsp://h/s',
      capture: { backend: 'gstreamer' },
      by: 'GstSource',
      description: 'rtsp://h/s',
      finite: false,
    },
    {
      source: 'rtsp://h/s',
      capture: { pipeline: 'videotestsrc ! fdsink' },
      by: 'GstSource',
      description: 'rtsp://h/s',
      finite: false,
    },
  ])('opens $source with $capture by $by', ({ source, capture, by, description, finite }) => {
    const opened = open(source, capture);
    expect([opened.constructor.name, opened.description, opened.finite]).toEqual([by, description, finite]);
  });

  it.each([
    {
      reason: 'a CSI sensor by ffmpeg',
      source: 'csi://0',
      capture: { backend: 'ffmpeg' },
      says: 'csi:// sources cannot be read by ffmpeg',
    },
    {
      reason: 'a pipeline by ffmpeg',
      source: 'rtsp://h/s',
      capture: { backend: 'ffmpeg', pipeline: 'videotestsrc ! fdsink' },
      says: 'capture.pipeline cannot be read by ffmpeg',
    },
    {
      reason: 'an unfinished pipeline',
      source: 'rtsp://h/s',
      capture: { pipeline: 'videotestsrc' },
      says: 'does not end in "! fdsink"',
    },
    { reason: 'an unknown kind', source: 'rtmp://h/s', capture: {}, says: 'is of no known kind' },
  ])('refuses $reason before anything is started', ({ source, capture, says }) => {
    expect(() => open(source, capture)).toThrowError(says);
  });
});
