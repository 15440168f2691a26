import { expect, it } from 'vitest';
import { LiveMedia } from '../../src/app/live-media.ts';
import type { MediaFragment, MediaSink } from '../../src/flow/media.ts';
import { copiedClip, readMedia } from '../fixtures/media-fragments.ts';

function taker(): MediaSink & { readonly got: MediaFragment[]; ends: number; why: string[] } {
  const sink = {
    got: [] as MediaFragment[],
    ends: 0,
    why: [] as string[],
    fragment: (fragment: MediaFragment) => void sink.got.push(fragment),
    ended: () => {
      sink.ends += 1;
    },
    unusable: (why: string) => void sink.why.push(why),
  };
  return sink;
}

it('begins at the newest keyframe for whoever comes, and goes on', async () => {
  const { fragments } = await readMedia(await copiedClip());
  const media = new LiveMedia();
  const keyframes = fragments.flatMap(({ keyframe }, index) => (keyframe ? [index] : []));
  const [first, second] = keyframes as [number, number];
  for (const fragment of fragments.slice(0, second + 3)) media.fragment(fragment);
  const viewer = taker();
  const leave = media.watch(viewer);
  expect(viewer.got).toEqual(fragments.slice(second, second + 3));
  media.fragment(fragments[second + 3]!);
  expect(viewer.got).toHaveLength(4);
  leave();
  media.fragment(fragments[second + 4]!);
  expect(viewer.got).toHaveLength(4);
  expect(first).toBe(0);
  expect(media.mime).toBe('video/mp4; codecs="avc1.64000C"');
});

it('keeps one group of pictures and no more', async () => {
  const { fragments } = await readMedia(await copiedClip());
  const media = new LiveMedia();
  const group = fragments.findIndex(({ keyframe }, index) => index > 0 && keyframe);
  const bytesOf = (part: MediaFragment[]) => part.reduce((sum, { data }) => sum + data.length, 0);
  for (const fragment of fragments.slice(0, group)) media.fragment(fragment);
  expect(media.bytes).toBe(bytesOf(fragments.slice(0, group)));
  media.fragment(fragments[group]!);
  expect(media.bytes).toBe(bytesOf(fragments.slice(group, group + 1)));
  media.ended();
  expect(media.bytes).toBe(0);
});

it('keeps nothing of a group that is larger than it may be, and waits for the next', async () => {
  const { fragments } = await readMedia(await copiedClip());
  const media = new LiveMedia(fragments[0]!.data.length + 10);
  media.fragment(fragments[0]!);
  media.fragment(fragments[1]!);
  media.fragment(fragments[2]!);
  expect(media.bytes).toBe(0);
});

it('tells those who watch, and those who come later, that there is no such video', () => {
  const media = new LiveMedia();
  const [early, late] = [taker(), taker()];
  media.watch(early);
  media.unusable('browsers cannot play it');
  media.watch(late);
  expect([early.why, late.why]).toEqual([['browsers cannot play it'], ['browsers cannot play it']]);
  expect(media.mime).toBeNull();
});
