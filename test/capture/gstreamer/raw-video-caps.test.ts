import { describe, expect, it } from 'vitest';
import { i420Planes, parseRawVideoCaps, planesBytes } from '../../../src/capture/gstreamer/raw-video-caps.ts';

describe('parseRawVideoCaps', () => {
  it('reads what gdppay 1.22 sends', () => {
    const caps =
      'video/x-raw, width=(int)416, height=(int)234, interlace-mode=(string)progressive, pixel-aspect-ratio=(fraction)1/1, framerate=(fraction)5/1, format=(string)I420, chroma-site=(string)mpeg2';
    expect(parseRawVideoCaps(caps)).toEqual({
      format: 'I420',
      size: { widthPx: 416, heightPx: 234 },
      colour: { matrix: 'bt601', range: 'limited' },
    });
  });

  it.each([
    { colorimetry: 'bt709', height: 240, colour: { matrix: 'bt709', range: 'limited' } },
    { colorimetry: 'bt601', height: 1080, colour: { matrix: 'bt601', range: 'limited' } },
    { colorimetry: '1:4:0:0', height: 480, colour: { matrix: 'bt601', range: 'full' } },
    { colorimetry: '1:3:5:1', height: 480, colour: { matrix: 'bt709', range: 'full' } },
    { colorimetry: '2:0:0:0', height: 1080, colour: { matrix: 'bt709', range: 'limited' } },
  ])('reads colorimetry $colorimetry at height $height', ({ colorimetry, height, colour }) => {
    const caps = `video/x-raw, format=(string)I420, width=(int)64, height=(int)${height}, colorimetry=(string)${colorimetry}`;
    expect(parseRawVideoCaps(caps)?.colour).toEqual(colour);
  });

  it.each(['video/x-h264, width=(int)416, height=(int)234', 'video/x-raw, format=(string)I420', 'NULL'])(
    'does not take %s for raw video with a size',
    (caps) => {
      expect(parseRawVideoCaps(caps)).toBeUndefined();
    },
  );
});

describe('i420Planes', () => {
  // Sizes as `gst_video_info_set_format` computes them.
  it.each([
    { size: [416, 234], bytes: 146_016 },
    { size: [322, 242], bytes: 324 * 242 + 2 * 164 * 121 },
    { size: [321, 241], bytes: 324 * 242 + 2 * 164 * 121 },
  ] as const)('lays out $size in $bytes bytes', ({ size: [widthPx, heightPx], bytes }) => {
    expect(planesBytes(i420Planes({ widthPx, heightPx }))).toBe(bytes);
  });
});
