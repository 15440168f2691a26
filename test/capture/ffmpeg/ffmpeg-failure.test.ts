import { describe, expect, it } from 'vitest';
import { ffmpegFailure } from '../../../src/capture/ffmpeg/ffmpeg-failure.ts';

describe('ffmpegFailure', () => {
  // `from` names the ffmpeg whose words these are.
  it.each([
    {
      from: '5.1',
      cause: 'auth_failed',
      hint: 'password',
      lines: [
        'method DESCRIBE failed: 401 Unauthorized',
        'rtsp://u:***@h/s: Server returned 401 Unauthorized (authorization failed)',
      ],
    },
    {
      from: '7.1',
      cause: 'auth_failed',
      hint: 'password',
      lines: [
        'Error opening input: Server returned 401 Unauthorized (authorization failed)',
        'Error opening input file rtsp://h/s.',
      ],
    },
    { from: '4.4', cause: 'auth_failed', hint: 'password', lines: ['HTTP error 401 Unauthorized'] },
    {
      from: '5.1',
      cause: 'auth_failed',
      hint: 'right to view',
      lines: ['Server returned 403 Forbidden (access denied)'],
    },
    {
      from: '5.1',
      cause: 'unreachable',
      hint: 'nothing listens',
      lines: ['Connection to tcp://192.0.2.1:554?timeout=0 failed: Connection refused'],
    },
    {
      from: '5.1',
      cause: 'unreachable',
      hint: 'network',
      lines: ['Connection to tcp://192.0.2.1:554?timeout=0 failed: No route to host'],
    },
    {
      from: '5.1',
      cause: 'unreachable',
      hint: 'switched on',
      lines: ['Connection to tcp://192.0.2.1:554?timeout=0 failed: Connection timed out'],
    },
    {
      from: '5.1',
      cause: 'unreachable',
      hint: 'does not answer as an RTSP server',
      lines: ['rtsp://127.0.0.1:40563/s: Invalid data found when processing input'],
    },
    {
      from: '8.0',
      cause: 'unreachable',
      hint: 'switched on',
      lines: ['Error opening input: Operation timed out'],
    },
    {
      from: '5.1',
      cause: 'unreachable',
      hint: 'name of the host',
      lines: [
        'Failed to resolve hostname no.such.host.invalid: Name or service not known',
        'rtsp://no.such.host.invalid/s: Input/output error',
      ],
    },
    {
      from: '5.1',
      cause: 'unreachable',
      hint: 'name of the host',
      lines: ['Failed to resolve hostname cam: Temporary failure in name resolution'],
    },
    {
      from: '5.1',
      cause: 'unreachable',
      hint: 'capture.transport',
      lines: ['Nonmatching transport in server reply'],
    },
    {
      from: '5.1',
      cause: 'unreachable',
      hint: 'capture.transport',
      lines: ['method SETUP failed: 461 Unsupported transport'],
    },
    {
      from: '5.1',
      cause: 'unreachable',
      hint: 'busy',
      lines: ['method SETUP failed: 453 Not Enough Bandwidth'],
    },
    { from: '5.1', cause: 'unreachable', hint: 'busy', lines: ['Server returned 5XX Server Error reply'] },
    {
      from: '5.1',
      cause: 'unreachable',
      hint: 'another program',
      lines: ['ioctl(VIDIOC_STREAMON): Device or resource busy'],
    },
    {
      from: '5.1',
      cause: 'not_found',
      hint: 'path',
      lines: ['method DESCRIBE failed: 404 Not Found', 'rtsp://h/nope: Server returned 404 Not Found'],
    },
    {
      from: '5.1',
      cause: 'not_found',
      hint: 'path',
      lines: ['Cannot open video device /dev/video9: No such file or directory'],
    },
    {
      from: '5.1',
      cause: 'not_found',
      hint: 'group "video"',
      lines: ['Cannot open video device /dev/video0: Permission denied'],
    },
    { from: '5.1', cause: 'not_found', hint: 'no video', lines: ["Stream map '0:v:0' matches no streams."] },
    {
      from: '5.1',
      cause: 'decode_error',
      hint: 'damaged',
      lines: ['moov atom not found', 'a.mp4: Invalid data found when processing input'],
    },
    { from: '5.1', cause: 'decode_error', hint: 'capture.hwaccel', lines: ["Unknown decoder 'h264_nvmpi'"] },
    {
      from: '5.1',
      cause: 'decode_error',
      hint: 'hardware decoder',
      lines: [
        'Device creation failed: -542398533.',
        'No device available for decoder: device type cuda needed for codec h264.',
      ],
    },
    {
      from: '5.1',
      cause: 'no_keyframe',
      hint: 'interval',
      lines: [
        'non-existing PPS 0 referenced',
        'decode_slice_header error',
        'no frame!',
        'Error while decoding stream #0:0: Invalid data found when processing input',
      ],
    },
    {
      from: '5.1',
      cause: 'no_keyframe',
      hint: 'interval',
      lines: ['PPS id out of range: 0', 'Error parsing NAL unit #0.'],
    },
  ])('$cause, ffmpeg $from: $lines.0', ({ cause, hint, lines }) => {
    const failure = ffmpegFailure(lines);
    expect(failure?.cause).toBe(cause);
    expect(failure?.hint).toContain(hint);
  });

  it('says nothing where ffmpeg said nothing', () => {
    expect(ffmpegFailure([])).toBeUndefined();
    expect(
      ffmpegFailure(['Stream #0: not enough frames to estimate rate; consider increasing probesize']),
    ).toBeUndefined();
  });
});
