import { expect, it } from 'vitest';
import { copiedClip, readMedia } from '../../fixtures/media-fragments.ts';

it.each([
  ['libx264', 'video/mp4; codecs="avc1.64000C"'],
  ['libx265', 'video/mp4; codecs="hvc1.1.6.L60.90"'],
] as const)('tells what a decoder must be able to do of %s', async (encoder, mime) => {
  const { fragments } = await readMedia(await copiedClip(encoder));
  expect(fragments[0]!.stream.mime).toBe(mime);
});
