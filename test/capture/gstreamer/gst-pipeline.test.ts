import { describe, expect, it } from 'vitest';
import { gstArgs, userPipeline } from '../../../src/capture/gstreamer/gst-pipeline.ts';
import { captureSchema } from '../../../src/config/camera-schema.ts';
import { parseSourceUrl } from '../../../src/config/source-url.ts';

function pipeline(source: string, capture: object = {}): string {
  return gstArgs({
    source: parseSourceUrl(source, '/'),
    capture: captureSchema.parse(capture),
    fps: 5,
    box: { widthPx: 416, heightPx: 416 },
  }).join(' ');
}

describe('gstArgs', () => {
  it.each([
    {
      reason: 'software decoding',
      source: 'rtsp://h/s',
      capture: {},
      has: ['rtspsrc location=rtsp://h/s protocols=tcp', '! application/x-rtp,media=video ! decodebin !'],
    },
    {
      reason: "Jetson's decoder, any codec that it parses",
      source: 'rtsp://h/s',
      capture: { hwaccel: 'jetson-nvv4l2', transport: 'udp' },
      has: ['protocols=udp', '! parsebin ! nvv4l2decoder ! nvvidconv ! video/x-raw,format=I420 !'],
    },
    {
      reason: 'TLS',
      source: 'rtsps://h/s',
      capture: {},
      has: ['protocols=tcp+tls', 'tls-validation-flags=0'],
    },
    {
      reason: "Jetson's sensor",
      source: 'csi://1',
      capture: {},
      has: ['nvarguscamerasrc sensor-id=1 ! video/x-raw(memory:NVMM) ! nvvidconv !'],
    },
    {
      reason: 'USB',
      source: 'v4l2:/dev/video1',
      capture: {},
      has: ['v4l2src device=/dev/video1 ! decodebin'],
    },
    {
      reason: 'as fast as it is read',
      source: 'file:a.mp4',
      capture: {},
      has: ['filesrc location=/a.mp4', 'sync=false'],
    },
    { reason: 'in real time', source: 'file:a.mp4?realtime=1', capture: {}, has: ['sync=true'] },
    {
      reason: "the user's own, limited in rate only",
      source: 'csi://0',
      capture: { pipeline: 'videotestsrc ! video/x-raw,format=I420 ! fdsink sync=false' },
      has: ['-v videotestsrc ! video/x-raw,format=I420 ! videorate drop-only=true max-rate=5 ! gdppay'],
    },
  ])('$source: $reason', ({ source, capture, has }) => {
    const text = pipeline(source, capture);
    for (const part of has) expect(text).toContain(part);
    expect(text).toMatch(/max-rate=5 ! .*gdppay ! fdsink fd=3 sync=(true|false)$/);
  });

  it('cannot loop a file, and says what can', () => {
    expect(() => pipeline('file:a.mp4?loop=1')).toThrowError(/cannot loop/);
  });
});

describe('userPipeline', () => {
  it('keeps a quoted value in one argument', () => {
    expect(userPipeline('filesrc location="/srv/my clip.mp4" ! decodebin ! fdsink')).toEqual([
      'filesrc',
      'location=/srv/my clip.mp4',
      '!',
      'decodebin',
    ]);
  });

  it.each([
    { reason: 'another sink', text: 'videotestsrc ! fakesink' },
    { reason: 'nothing before it', text: 'fdsink' },
    { reason: 'no link to it', text: 'videotestsrc fdsink' },
    { reason: 'something after it', text: 'videotestsrc ! fdsink ! fakesink' },
    { reason: 'empty', text: '' },
  ])('refuses "$text": $reason', ({ text }) => {
    expect(() => userPipeline(text)).toThrowError('capture.pipeline does not end in "! fdsink"');
  });
});
