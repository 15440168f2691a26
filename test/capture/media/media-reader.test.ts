import { expect, it } from 'vitest';
import { copiedClip, readMedia } from '../../fixtures/media-fragments.ts';

it.each([
  ['H.264', 'libx264', 'avc1'],
  ['H.265', 'libx265', 'hvc1'],
] as const)('reads pictures of %s with their keyframes and times', async (_, encoder, codec) => {
  const { fragments, unusable, ended } = await readMedia(await copiedClip(encoder));
  expect(unusable).toEqual([]);
  expect(ended).toBe(1);
  expect(fragments).toHaveLength(20);
  expect(fragments[0]!.stream.codec).toBe(codec);
  expect(fragments[0]!.keyframe).toBe(true);
  expect(fragments.filter(({ keyframe }) => keyframe).map(({ ptsMs }) => Math.round(ptsMs))).toEqual([
    0, 1000,
  ]);
  const times = fragments.map(({ ptsMs }) => Math.round(ptsMs)).sort((a, b) => a - b);
  expect(times).toEqual(times.map((_time, index) => index * 100));
  expect(fragments.map(({ captureAtMs, ptsMs }) => Math.round(captureAtMs - ptsMs))).toEqual(
    Array(20).fill(1000),
  );
});

it('does not care how the pipe cuts it', async () => {
  const clip = await copiedClip();
  const whole = await readMedia(clip, clip.length);
  const bytewise = await readMedia(clip, 7);
  expect(bytewise).toEqual(whole);
});

it('gives what is complete of a stream that is cut off anywhere', async () => {
  const clip = await copiedClip();
  for (let bytes = 0; bytes < clip.length; bytes += 97) {
    const { fragments, unusable, ended } = await readMedia(clip.subarray(0, bytes));
    expect(fragments.length).toBeLessThanOrEqual(20);
    expect(unusable).toEqual([]);
    expect(ended).toBe(1);
  }
});

it('survives any byte being wrong', async () => {
  const clip = await copiedClip();
  for (let at = 0; at < 3000; at += 3) {
    const broken = Buffer.from(clip);
    broken[at] = broken[at]! ^ 0xff;
    const { ended } = await readMedia(broken);
    expect(ended).toBe(1);
  }
});

it('says so when browsers cannot play the codec', async () => {
  const { fragments, unusable } = await readMedia(await copiedClip('mpeg4'));
  expect(fragments).toEqual([]);
  expect(unusable).toEqual(["browsers cannot play the camera's codec (mp4v) from MP4"]);
});
