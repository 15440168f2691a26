import { describe, expect, test } from 'vitest';
import { MediaClock } from '../../../../src/preview/page/overlay/media-clock.ts';
import { SentTimes } from '../../../../src/preview/page/overlay/sent-times.ts';

describe('the capture time of a picture in the media', () => {
  test('goes on from the last point before it', () => {
    const clock = new MediaClock();
    clock.add({ mediaTimeS: 10, captureAtMs: 1_000_000 });
    clock.add({ mediaTimeS: 12, captureAtMs: 1_002_040 });
    expect(clock.captureAtMs(11)).toBe(1_001_000);
    expect(clock.captureAtMs(12.5)).toBe(1_002_540);
  });

  test('before the first point is counted back from it', () => {
    const clock = new MediaClock();
    clock.add({ mediaTimeS: 10, captureAtMs: 1_000_000 });
    expect(clock.captureAtMs(9.5)).toBe(999_500);
  });

  test('is not known without any', () => {
    expect(new MediaClock().captureAtMs(1)).toBeUndefined();
  });
});

/** Uniform in [0, 1), the same in each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

interface Link {
  readonly everyMs: number;
  /** Of the source's own timer. */
  readonly jitterMs: number;
  /** From sending tracks to having the picture. */
  readonly encodeMs: number;
  readonly networkJitterMs: number;
  /** Share of the frames that have no tracks. */
  readonly untold: number;
  readonly constant: number;
}

/** How many of the pictures after the first second get a wrong capture time, or none. */
function wrongOf({ everyMs, jitterMs, encodeMs, networkJitterMs, untold, constant }: Link): number {
  const next = random(7);
  const times = new SentTimes();
  let wrong = 0;
  for (let i = 0; i < 300; i++) {
    const sentMs = 5_000 + i * everyMs + (next() - 0.5) * jitterMs;
    const captureAtMs = 1_700_000_000_000 + sentMs - 20;
    const rtp = (Math.round(sentMs * 90) + constant + Math.round((next() - 0.5) * 90)) % 2 ** 32;
    const arrivedMs = sentMs + 3 + next() * networkJitterMs;
    const told = next() >= untold;
    if (told) times.told(sentMs, captureAtMs, arrivedMs);
    const known = times.shown(rtp, sentMs + encodeMs + next() * networkJitterMs);
    if (i * everyMs > 1000 && !(known !== undefined && Math.abs(known - captureAtMs) < 5)) wrong += 1;
  }
  return wrong;
}

const LAN: Link = {
  everyMs: 100,
  jitterMs: 8,
  encodeMs: 15,
  networkJitterMs: 5,
  untold: 0,
  constant: 123_456_789,
};

describe('the capture time of a WebRTC picture is found without knowing the constant', () => {
  test.each<[string, Partial<Link>]>([
    ['on a local network', {}],
    ['when pictures come perfectly evenly', { jitterMs: 0 }],
    ['at 30 pictures a second', { everyMs: 1000 / 30, jitterMs: 4 }],
    ['when most pictures are not looked at', { untold: 0.7 }],
    ['when the timestamps begin anew', { constant: 2 ** 32 - 1_000_000 }],
    ['over a network that delays by more than a picture', { networkJitterMs: 150, jitterMs: 12 }],
  ])('%s', (_, link) => {
    expect(wrongOf({ ...LAN, ...link })).toBe(0);
  });
});
