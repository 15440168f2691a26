import { describe, expect, it } from 'vitest';
import { OcellusError } from '../../src/base/errors.ts';
import { describeSource, parseSourceUrl } from '../../src/config/source-url.ts';

describe('parseSourceUrl', () => {
  it.each([
    {
      reason: 'a plain camera',
      source: 'rtsp://192.0.2.1/stream1',
      is: { kind: 'rtsp', url: 'rtsp://192.0.2.1/stream1', secure: false },
    },
    {
      reason: 'a raw @ in a password is encoded for ffmpeg',
      source: 'rtsp://u:p@ss@192.0.2.1:8554/s',
      is: { kind: 'rtsp', url: 'rtsp://u:p%40ss@192.0.2.1:8554/s', secure: false },
    },
    {
      reason: 'TLS; the query belongs to the camera',
      source: 'rtsps://h/s?channel=1&subtype=0',
      is: { kind: 'rtsp', url: 'rtsps://h/s?channel=1&subtype=0', secure: true },
    },
    {
      reason: 'a recording',
      source: 'http://h/a.MP4',
      is: { kind: 'http', url: 'http://h/a.MP4', media: 'file' },
    },
    {
      reason: 'a playlist',
      source: 'https://h/live/index.m3u8?t=1',
      is: { kind: 'http', url: 'https://h/live/index.m3u8?t=1', media: 'hls' },
    },
    {
      reason: 'FLV has times of its own',
      source: 'http://h/flv/live.flv',
      is: { kind: 'http', url: 'http://h/flv/live.flv', media: 'stream' },
    },
    {
      reason: 'what cameras serve under HTTP without an extension is MJPEG',
      source: 'http://h/axis-cgi/mjpg/video.cgi',
      is: { kind: 'http', url: 'http://h/axis-cgi/mjpg/video.cgi', media: 'mjpeg' },
    },
    { reason: 'USB camera', source: 'v4l2:/dev/video0', is: { kind: 'v4l2', device: '/dev/video0' } },
    {
      reason: 'USB camera by its stable name',
      source: 'v4l2:/dev/v4l/by-id/usb-046d_C920-video-index0',
      is: { kind: 'v4l2', device: '/dev/v4l/by-id/usb-046d_C920-video-index0' },
    },
    { reason: 'Jetson sensor', source: 'csi://1', is: { kind: 'csi', sensorId: 1 } },
    {
      reason: 'relative to the configuration',
      source: 'file:clip.mp4',
      is: { kind: 'file', path: '/etc/ocellus/clip.mp4', loop: false, realtime: false },
    },
    {
      reason: 'both options',
      source: 'file:/srv/clip.mp4?loop=1&realtime=1',
      is: { kind: 'file', path: '/srv/clip.mp4', loop: true, realtime: true },
    },
    {
      reason: 'the form of a file URL',
      source: 'file:///srv/my clip.mp4?loop=0',
      is: { kind: 'file', path: '/srv/my clip.mp4', loop: false, realtime: false },
    },
  ])('reads $source: $reason', ({ source, is }) => {
    expect(parseSourceUrl(source, '/etc/ocellus')).toEqual(is);
  });

  it('reads a simulated scene and its parameters', () => {
    const source = parseSourceUrl('sim://scene?seed=7&people=3', '/');
    expect(source.kind === 'sim' && [...source.params]).toEqual([
      ['seed', '7'],
      ['people', '3'],
    ]);
  });

  it.each([
    { reason: 'no scheme', source: '192.0.2.1/stream', says: 'is of no known kind', hint: 'use rtsp://' },
    {
      reason: 'a scheme of another world',
      source: 'ftp://h/x',
      says: 'is of no known kind',
      hint: 'use rtsp://',
    },
    { reason: 'no host', source: 'rtsp:///stream', says: 'names no host', hint: 'rtsp://host:port/path' },
    { reason: 'no port number', source: 'rtsp://h:port/s', says: 'is not a valid address', hint: '%40' },
    { reason: 'a raw slash in the password', source: 'rtsp://u:p/w@h/s', says: 'is not', hint: '%2F' },
    { reason: 'no device', source: 'v4l2:video0', says: 'names no video device', hint: 'v4l2-ctl' },
    { reason: 'no sensor number', source: 'csi://front', says: 'names no sensor', hint: 'csi://0' },
    { reason: 'no file', source: 'file:', says: 'names no file', hint: 'file:clip.mp4' },
    { reason: 'a misspelt option', source: 'file:a.mp4?lop=1', says: 'unknown option "lop"', hint: 'loop=1' },
    { reason: 'a flag that is none', source: 'file:a.mp4?loop=yes', says: 'has loop=yes', hint: 'loop=1' },
    { reason: 'no scene', source: 'sim:', says: 'names no scene', hint: 'sim://scene' },
  ])('refuses $source: $reason', ({ source, says, hint }) => {
    const error = thrownBy(() => parseSourceUrl(source, '/'));
    expect(error).toMatchObject({ code: 'config_invalid' });
    expect(error.message).toContain(says);
    expect(error.hint).toContain(hint);
  });

  it.each([
    'rtsp://u:s3cret@h:port/x',
    'rtsp://u:s3cret/@h/x',
    'gopher://u:s3cret@h/',
    'rtsp://u:s3cr#et@h/x',
  ])('never repeats the password of %s', (source) => {
    const error = thrownBy(() => parseSourceUrl(source, '/'));
    expect(`${error.message} ${error.hint}`).not.toMatch(/s3cr/);
  });
});

describe('describeSource', () => {
  it('hides the password', () => {
    const text = describeSource(parseSourceUrl('rtsp://admin:hunter2@h/s', '/'));
    expect(text).toBe('rtsp://admin:***@h/s');
  });
});

function thrownBy(act: () => unknown): OcellusError {
  try {
    act();
  } catch (error) {
    if (error instanceof OcellusError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
