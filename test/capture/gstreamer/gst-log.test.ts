import { describe, expect, it } from 'vitest';
import { GstLog } from '../../../src/capture/gstreamer/gst-log.ts';

const RTSPSRC = 'ERROR: from element /GstPipeline:pipeline0/GstRTSPSrc:rtspsrc0: ';

describe('GstLog', () => {
  // Words of GStreamer 1.22.
  it.each([
    {
      cause: 'auth_failed',
      hint: 'password',
      lines: [`${RTSPSRC}Unauthorized`, 'Unauthorized (401)', "ERROR: pipeline doesn't want to preroll."],
    },
    { cause: 'not_found', hint: 'path', lines: [`${RTSPSRC}Not found`, 'Not Found (404)'] },
    {
      cause: 'not_found',
      hint: 'path',
      lines: [
        'ERROR: from element /GstPipeline:pipeline0/GstFileSrc:filesrc0: Resource not found.',
        'No such file "/nope.mp4"',
      ],
    },
    {
      cause: 'unreachable',
      hint: 'switched on',
      lines: [
        `${RTSPSRC}Could not open resource for reading and writing.`,
        'Failed to connect. (Generic error)',
      ],
    },
    {
      cause: 'not_found',
      hint: 'gstreamer1.0-plugins-bad',
      lines: ['WARNING: erroneous pipeline: no element "gdppay"'],
    },
    {
      cause: 'not_found',
      hint: 'Jetson',
      lines: ['WARNING: erroneous pipeline: no element "nvarguscamerasrc"'],
    },
    {
      cause: 'not_found',
      hint: 'by hand',
      lines: ['WARNING: erroneous pipeline: could not link videotestsrc0 to h264parse0'],
    },
    {
      cause: 'decode_error',
      hint: 'gstreamer1.0-libav',
      lines: [
        'ERROR: from element /GstPipeline:pipeline0/GstDecodeBin:decodebin0: This appears to be a text file',
        'decodebin cannot decode plain text files',
      ],
    },
  ])('$cause: $lines.0', ({ cause, hint, lines }) => {
    const log = new GstLog();
    for (const line of lines) log.errorLine(line);
    expect(log.failure()?.cause).toBe(cause);
    expect(log.failure()?.hint).toContain(hint);
  });

  it('knows the size and codec of the camera from the caps that gst-launch prints', () => {
    const log = new GstLog();
    for (const line of [
      'Setting pipeline to PAUSED ...',
      '/GstPipeline:pipeline0/GstDecodeBin:decodebin0/GstH264Parse:h264parse0.GstPad:src: caps = video/x-h264, stream-format=(string)avc, width=(int)640',
      '/GstPipeline:pipeline0/GstDecodeBin:decodebin0/avdec_h264:avdec_h264-0.GstPad:src: caps = video/x-raw, format=(string)I420, width=(int)640, height=(int)360',
      '/GstPipeline:pipeline0/GstVideoScale:videoscale0.GstPad:src: caps = video/x-raw, width=(int)416, height=(int)234, format=(string)I420',
    ]) {
      log.outputLine(line);
    }
    expect([log.source, log.codec, log.failure()]).toEqual([
      { widthPx: 640, heightPx: 360 },
      'h264',
      undefined,
    ]);
  });
});
