import { beforeEach, describe, expect, it } from 'vitest';
import { LivePictures } from '../../src/app/live-pictures.ts';
import type { Frame } from '../../src/flow/frame.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

let clock: FakeClock;
let live: LivePictures;
let seen: string[];
beforeEach(() => {
  clock = new FakeClock();
  live = new LivePictures(clock);
  seen = [];
});

function frame(seq: number): Frame {
  return {
    cameraId: 'yard',
    seq,
    data: new Uint8Array([seq, 0, 0, 0, 0, 0]),
    widthPx: 2,
    heightPx: 2,
    colour: { matrix: 'bt601', range: 'limited' },
    source: { widthPx: 20, heightPx: 20 },
    times: { captureAtMs: seq * 100, captureMonoMs: seq * 100, decodedAtMs: seq * 100 },
    release() {},
  };
}

const found = (seq: number) => ({ captureAtMs: seq * 100, objects: [] });

function watch(): () => void {
  const ends = [
    live.watchPictures(({ data }) => seen.push(`picture ${data[0]}`)),
    live.watchObjects(({ captureAtMs }) => seen.push(`objects ${captureAtMs / 100}`)),
  ];
  return () => {
    for (const end of ends) end();
  };
}

describe('a picture that is watched', () => {
  it('comes after what was found in it', () => {
    watch();
    live.captured(frame(1));
    expect(seen).toEqual([]);
    live.decided(1, found(1));
    expect(seen).toEqual(['objects 1', 'picture 1']);
  });

  it('comes in order of capture, also when a later one is decided first', () => {
    watch();
    live.captured(frame(1));
    live.captured(frame(2));
    live.decided(2, null);
    expect(seen).toEqual([]);
    live.decided(1, found(1));
    expect(seen).toEqual(['objects 1', 'picture 1', 'picture 2']);
  });

  it('does not wait for ever: what is found later comes later', async () => {
    watch();
    live.captured(frame(1));
    await clock.advance(149);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual(['picture 1']);
    live.decided(1, found(1));
    expect(seen).toEqual(['picture 1', 'objects 1']);
  });

  it('is one of eight that wait at most', () => {
    watch();
    for (let seq = 1; seq <= 10; seq++) live.captured(frame(seq));
    expect(seen).toEqual(['picture 1', 'picture 2']);
  });

  it('is a copy: the frame goes on to others', () => {
    watch();
    const written = frame(1);
    live.captured(written);
    written.data.fill(9);
    live.decided(1, null);
    expect(seen).toEqual(['picture 1']);
  });

  it('is forgotten when the last one leaves', async () => {
    const leave = watch();
    live.captured(frame(1));
    leave();
    expect(live.watched || live.asked).toBe(false);
    watch();
    live.decided(1, null);
    await clock.advance(1000);
    expect(seen).toEqual([]);
  });
});
