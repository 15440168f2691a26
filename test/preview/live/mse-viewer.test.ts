import { beforeEach, describe, expect, it } from 'vitest';
import type { MediaFragment, MediaStream } from '../../../src/flow/media.ts';
import { type MseSocket, MseViewer } from '../../../src/preview/live/mse-viewer.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const stream = (): MediaStream => ({
  init: new Uint8Array([1]),
  codec: 'avc1',
  mime: 'video/mp4; codecs="avc1.42C01E"',
  timescale: 90_000,
  timeShiftS: 10,
});

/** A network that takes nothing until it is told to. */
class SlowSocket implements MseSocket {
  readonly given: (string | Uint8Array)[] = [];
  closed: number | undefined;
  terminated = false;
  #unsent: (() => void)[] = [];

  send(data: string | Uint8Array, sent?: () => void): void {
    this.given.push(data);
    if (sent) this.#unsent.push(sent);
  }

  close(code: number): void {
    this.closed = code;
  }

  terminate(): void {
    this.terminated = true;
  }

  drain(): void {
    for (const sent of this.#unsent.splice(0)) sent();
  }

  get messages(): Record<string, unknown>[] {
    return this.given.filter((data) => typeof data === 'string').map((data) => JSON.parse(data));
  }

  /** Presentation times of the pictures, in place of their bytes. */
  get pictures(): number[] {
    return this.given.flatMap((data) => (typeof data === 'string' || data.length < 2 ? [] : [data[1]!]));
  }
}

let clock: FakeClock;
let socket: SlowSocket;
let viewer: MseViewer;
beforeEach(() => {
  clock = new FakeClock();
  socket = new SlowSocket();
  viewer = new MseViewer(socket, clock);
});

/** One picture each 100 ms; a keyframe each second. */
function picture(of: MediaStream, index: number, changed: Partial<MediaFragment> = {}): MediaFragment {
  return {
    stream: of,
    data: new Uint8Array([0, index]),
    keyframe: index % 10 === 0,
    decodeTime: index * 9_000,
    decodeTimeAt: 0,
    duration: 9_000,
    ptsMs: index * 100,
    captureAtMs: 50_000 + index * 100,
    ...changed,
  };
}

describe('a viewer of the encoded video', () => {
  it('gets the header, what time it is, and the pictures from a keyframe on', () => {
    const own = stream();
    for (let index = 8; index < 13; index++) viewer.fragment(picture(own, index));
    expect(socket.given[0]).toBe(JSON.stringify({ type: 'init', mime: own.mime }));
    expect(socket.given[1]).toBe(own.init);
    expect(socket.messages[1]).toEqual({ type: 'clock', mediaTimeS: 11, captureAtMs: 51_000 });
    expect(socket.pictures).toEqual([10, 11, 12]);
  });

  it('hears of the clock again only when it has moved', () => {
    const own = stream();
    viewer.fragment(picture(own, 0));
    viewer.fragment(picture(own, 1, { captureAtMs: 50_101 }));
    viewer.fragment(picture(own, 2, { captureAtMs: 50_204 }));
    const clocks = socket.messages.filter(({ type }) => type === 'clock');
    expect(clocks.map(({ captureAtMs }) => captureAtMs)).toEqual([50_000, 50_204]);
  });

  it('gets a new header when the camera was connected anew', () => {
    const [before, after] = [stream(), stream()];
    viewer.fragment(picture(before, 0));
    viewer.ended();
    viewer.fragment(picture(after, 5));
    viewer.fragment(picture(after, 10));
    expect(socket.messages.map(({ type }) => type)).toEqual(['init', 'clock', 'init', 'clock']);
    expect(socket.pictures).toEqual([0, 10]);
  });

  it('that is slow gets nothing more until all is through, and then from a keyframe on', async () => {
    const own = stream();
    for (let index = 0; index < 25; index++) {
      viewer.fragment(picture(own, index));
      await clock.advance(100);
    }
    // A second behind, at picture 10; the keyframes at 10 and 20 find the socket still full.
    const before = socket.pictures.length;
    expect(before).toBeLessThanOrEqual(12);
    socket.drain();
    for (let index = 25; index < 33; index++) viewer.fragment(picture(own, index));
    expect(socket.pictures.slice(before)).toEqual([30, 31, 32]);
    expect(socket.messages.at(-2)).toEqual({ type: 'skipped' });
    expect(viewer.skipped).toBe(30 - before);
  });

  it('that takes nothing has no more waiting than 4 MiB and one picture', () => {
    const own = stream();
    const mebibyte = new Uint8Array(1024 * 1024);
    for (let index = 0; index < 10; index++) viewer.fragment(picture(own, index, { data: mebibyte }));
    expect(socket.given.filter((data) => data === mebibyte)).toHaveLength(4);
  });

  it('that stays slow is let go', async () => {
    const own = stream();
    for (let index = 0; index < 200 && !socket.terminated; index++) {
      viewer.fragment(picture(own, index));
      await clock.advance(100);
    }
    expect(socket.closed).toBe(1013);
    expect(socket.terminated).toBe(true);
  });

  it('is told where there is no such video, and what to do', () => {
    viewer.unusable('a simulated camera has no encoded video');
    expect(socket.messages).toEqual([
      {
        type: 'unavailable',
        reason: 'a simulated camera has no encoded video',
        hint: expect.stringContaining('WebRTC'),
      },
    ]);
    expect(socket.closed).toBe(1000);
  });
});
