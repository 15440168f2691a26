import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveFeed, LivePicture } from '../../../src/preview/live/live-feed.ts';
import { MjpegChannel } from '../../../src/preview/live/mjpeg-channel.ts';
import { NewestStream } from '../../../src/preview/live/newest-stream.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { recordingLog } from '../../fixtures/recording-log.ts';

let clock: FakeClock;
let watchers: Set<(picture: LivePicture) => void>;
let channel: MjpegChannel;
let encoded: number[];
const streams: NewestStream[] = [];

beforeEach(() => {
  clock = new FakeClock();
  watchers = new Set();
  encoded = [];
  const feed: LiveFeed = {
    watchPictures: (listener) => {
      watchers.add(listener);
      return () => void watchers.delete(listener);
    },
    encodeJpeg: async ({ captureAtMs }) => {
      encoded.push(captureAtMs);
      return Buffer.from(`<${captureAtMs}>`);
    },
    watchObjects: () => () => {},
    watchMedia: () => () => {},
    mediaMime: null,
  };
  channel = new MjpegChannel(feed, recordingLog().log);
});
afterEach(() => {
  for (const stream of streams.splice(0)) stream.destroy();
});

function join(): NewestStream {
  const stream = new NewestStream(clock, () => channel.remove(stream));
  streams.push(stream);
  channel.add(stream);
  return stream;
}

async function show(captureAtMs: number): Promise<void> {
  const colour = { matrix: 'bt601', range: 'limited' } as const;
  for (const watcher of watchers)
    watcher({ data: new Uint8Array(6), widthPx: 2, heightPx: 2, colour, captureAtMs });
  await settled();
}

/** Streams hand on what they have in later turns of the event loop. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

function parts(stream: NewestStream): number[] {
  const text: string = stream.read()?.toString() ?? '';
  return [...text.matchAll(/X-Capture-At-Ms: (\d+)/g)].map(([, atMs]) => Number(atMs));
}

describe('motion JPEG', () => {
  it('encodes a picture once however many watch, and none while nobody does', async () => {
    const [first, second] = [join(), join()];
    await show(1);
    expect(encoded).toEqual([1]);
    expect([parts(first), parts(second)]).toEqual([[1], [1]]);
    first.destroy();
    second.destroy();
    await settled();
    expect(watchers.size).toBe(0);
  });

  it('says where each part ends', async () => {
    const viewer = join();
    await show(7);
    const text: string = viewer.read().toString();
    expect(text).toBe(
      '--ocellus-picture\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\nX-Capture-At-Ms: 7\r\n\r\n<7>\r\n',
    );
  });

  it('skips pictures for a viewer that is behind, and for no other', async () => {
    const [quick, slow] = [join(), join()];
    const got: number[] = [];
    for (let at = 1; at <= 5; at++) {
      await show(at);
      got.push(...parts(quick));
    }
    expect(got).toEqual([1, 2, 3, 4, 5]);
    expect(parts(slow)).toEqual([1]);
    await settled();
    await show(6);
    expect(parts(slow)).toEqual([6]);
  });

  it('encodes nothing while every viewer is behind', async () => {
    join();
    for (let at = 1; at <= 5; at++) await show(at);
    expect(encoded).toEqual([1]);
  });

  it('lets go of a viewer that reads nothing for 15 s', async () => {
    const viewer = join();
    await show(1);
    await clock.advance(15_000);
    await settled();
    expect(viewer.destroyed).toBe(true);
    expect(watchers.size).toBe(0);
  });
});
