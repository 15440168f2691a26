import { describe, expect, it } from 'vitest';
import type { FrameSink } from '../../../src/capture/frame-source.ts';
import { Scene } from '../../../src/capture/sim/scene.ts';
import { createSimSource } from '../../../src/capture/sim/sim-source.ts';
import type { Frame } from '../../../src/flow/frame.ts';
import { FramePool } from '../../../src/flow/frame-pool.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

function source(query: string, clock: FakeClock, pool = new FramePool(2, 0), fps = 5) {
  const params = new URLSearchParams(query);
  return createSimSource({ cameraId: 'sim', params, fps, box: { widthPx: 416, heightPx: 416 }, pool, clock });
}

interface Collected extends FrameSink {
  readonly frames: Omit<Frame, 'release'>[];
  readonly drops: string[];
  readonly opens: unknown[];
}

function collect(take: (frame: Frame) => void | Promise<void> = (frame) => frame.release()): Collected {
  const frames: Omit<Frame, 'release'>[] = [];
  const drops: string[] = [];
  const opens: unknown[] = [];
  return {
    frames,
    drops,
    opens,
    opened: (info) => opens.push(info),
    frame: (frame) => {
      frames.push({ ...frame, data: frame.data.slice() });
      return take(frame);
    },
    dropped: (reason) => drops.push(reason),
  };
}

const never = new AbortController().signal;

describe('faster than real time', () => {
  it('gives every frame of the duration on media time, and nothing is left out', async () => {
    const clock = new FakeClock(1_700_000_000_000);
    const sim = source('seed=7&realtime=0&duration=2&start=30', clock);
    const sink = collect();
    await sim.run(sink, never);
    expect(sim.finite).toBe(true);
    expect(sink.opens).toEqual([
      {
        source: { widthPx: 1280, heightPx: 720 },
        frame: { widthPx: 416, heightPx: 234 },
        colour: { matrix: 'bt601', range: 'limited' },
        codec: null,
      },
    ]);
    expect(sink.frames.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(sink.frames.map(({ times }) => times.captureMonoMs)).toEqual([
      0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800,
    ]);
    expect(sink.frames[3]!.times).toEqual({
      captureAtMs: 1_700_000_000_600,
      captureMonoMs: 600,
      decodedAtMs: 1_700_000_000_600,
    });
    const expected = new Uint8Array(sink.frames[3]!.data.length);
    new Scene({ seed: 7 }).draw(30_600, { widthPx: 416, heightPx: 234, data: expected });
    expect(Buffer.compare(sink.frames[3]!.data, expected)).toBe(0);
  });

  it('goes by the clock at a multiple of its speed, on media time', async () => {
    const clock = new FakeClock(1_700_000_000_000);
    const sink = collect();
    const run = source('speed=20&duration=2', clock).run(sink, never);
    for (let n = 0; n < 10; n++) {
      await clock.advance(n === 0 ? 0 : 10);
      expect(sink.frames, `after ${n * 10} ms`).toHaveLength(n + 1);
    }
    await run;
    expect(sink.frames.map(({ times }) => times.captureMonoMs)).toEqual(
      Array.from({ length: 10 }, (_, n) => 200 * n),
    );
    expect(sink.frames[9]!.times.decodedAtMs).toBe(1_700_000_001_800);
  });

  it('gives the next frame only when the last one is taken', async () => {
    const clock = new FakeClock();
    const open: (() => void)[] = [];
    const sink = collect(
      (frame) =>
        new Promise<void>((resolve) => {
          open.push(() => {
            frame.release();
            resolve();
          });
        }),
    );
    const run = source('realtime=0&duration=0.6', clock).run(sink, never);
    for (let n = 1; n <= 3; n++) {
      await clock.advance(50);
      expect(sink.frames.length).toBe(n);
      open[n - 1]!();
    }
    await run;
  });

  it('waits for a buffer instead of dropping', async () => {
    const clock = new FakeClock();
    const held: Frame[] = [];
    const sink = collect((frame) => void held.push(frame));
    const run = source('realtime=0&duration=0.6', clock, new FramePool(2, 0)).run(sink, never);
    await clock.advance(20);
    expect(sink.frames.length).toBe(2);
    for (const frame of held) frame.release();
    await clock.advance(20);
    await run;
    expect([sink.frames.length, sink.drops]).toEqual([3, []]);
  });
});

describe('in real time', () => {
  it('gives a frame when it is due, and counts on after a second run', async () => {
    const clock = new FakeClock();
    const sim = source('duration=1', clock);
    const sink = collect();
    const first = sim.run(sink, never);
    await clock.advance(410);
    expect(sink.frames.map(({ times }) => times.captureMonoMs)).toEqual([0, 200, 400]);
    await clock.advance(600);
    await first;
    const second = sim.run(sink, never);
    await clock.advance(2000);
    await second;
    expect(sink.frames.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('drops and counts when the consumer holds every buffer', async () => {
    const clock = new FakeClock();
    const sink = collect(() => undefined);
    const run = source('duration=1', clock, new FramePool(2, 0)).run(sink, never);
    await clock.advance(1100);
    await run;
    expect(sink.frames.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(sink.drops).toEqual(['pool_exhausted', 'pool_exhausted', 'pool_exhausted']);
  });

  it('ends with an AbortError and leaves no timer', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const sim = source('seed=1', clock);
    const run = sim.run(collect(), controller.signal);
    await clock.advance(300);
    controller.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(clock.pending).toBe(0);
    expect(sim.finite).toBe(false);
  });
});

describe('parameters', () => {
  it.each([
    ['sede=7', 'no parameter "sede"', 'valid parameters: seed, realtime', 'a slip of the pen'],
    ['seed=-1', 'seed="-1"', 'a whole number', 'negative'],
    ['seed=1.5', 'seed="1.5"', 'a whole number', 'a fraction'],
    ['realtime=yes', 'realtime="yes"', '1 or 0', 'a word'],
    ['duration=0', 'duration="0"', 'seconds, above 0', 'nothing to show'],
    ['rate=1e3', 'rate="1e3"', '0 to 600', 'not plain digits'],
    ['noise=50', 'noise="50"', '0 to 40', 'beyond the range'],
    ['light=night', 'light="night"', 'steady, slow, sudden', 'not a mode'],
    ['size=1280', 'size="1280"', 'WIDTHxHEIGHT', 'one side'],
    ['size=10x10', 'size="10x10"', '64x64', 'too small'],
    ['start=soon', 'start="soon"', 'seconds', 'a word'],
  ])('refuses %s (%s; %s; %s)', (query, message, hint) => {
    expect(() => source(query, new FakeClock())).toThrowError(
      expect.objectContaining({
        code: 'config_invalid',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });
});
