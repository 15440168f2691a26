import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import type { Frame } from '../../src/flow/frame.ts';
import type { InferenceSession } from '../../src/infer/backend.ts';
import { createBackend } from '../../src/infer/backends.ts';
import { DetectorSlot, type LoadedModel } from '../../src/infer/detector-slot.ts';
import type { FrameDetector, InferenceResult } from '../../src/infer/frame-detector.ts';
import { InferenceScheduler } from '../../src/infer/scheduler.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { addModel, writeOnnx } from '../fixtures/tiny-onnx.ts';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MIB = 2 ** 20;
const empty: InferenceResult = { detections: [], timings: { preprocessMs: 0, runMs: 0, decodeMs: 0 } };

function frame(seq: number, release: () => void): Frame {
  return {
    cameraId: 'front',
    seq,
    widthPx: 2,
    heightPx: 2,
    data: new Uint8Array(6),
    colour: { matrix: 'bt709', range: 'limited' },
    source: { widthPx: 2, heightPx: 2 },
    times: { captureAtMs: 0, captureMonoMs: 0, decodedAtMs: 0 },
    release,
  };
}

/** A detector whose runs end when the test says so, and which notices a run that outlives it. */
class HeldDetector implements FrameDetector {
  static open = 0;
  static runs = 0;
  #running = false;
  #closed = false;

  constructor() {
    HeldDetector.open += 1;
  }

  async detect(): Promise<InferenceResult> {
    if (this.#closed) throw new Error('a run on a detector that is closed');
    this.#running = true;
    // Long enough for a swap to come in between.
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#running = false;
    HeldDetector.runs += 1;
    return empty;
  }

  async close(): Promise<void> {
    if (this.#running) throw new Error('closed in the middle of a run');
    if (this.#closed) throw new Error('closed twice');
    this.#closed = true;
    HeldDetector.open -= 1;
  }
}

describe('sessions that take the place of others', () => {
  it('10,000 times with runs in flight: no frame is lost, no detector stays open, memory does not grow', async () => {
    const scheduler = new InferenceScheduler({
      name: 'swaps',
      sessions: 2,
      open: async () => new HeldDetector(),
      clock: new SystemClock(),
      random: () => 0,
    });
    await scheduler.start(new AbortController().signal);
    const seen: number[] = [];
    let released = 0;
    let failed = 0;
    let offered = 0;
    const done = (of: Frame) => of.release();
    const lane = scheduler.lane(
      'front',
      { periodMs: 1 },
      {
        result: (of) => {
          if (of.seq <= (seen.at(-1) ?? 0)) failed += 1;
          seen.length = 0;
          seen.push(of.seq);
          done(of);
          offer();
        },
        failed: (of) => {
          failed += 1;
          done(of);
        },
        dropped: done,
      },
    );
    const offer = () => {
      offered += 1;
      lane.offer(
        frame(offered, () => {
          released += 1;
        }),
      );
    };
    offer();
    const swap = async (times: number) => {
      for (let i = 0; i < times; i++) await scheduler.renew(async () => new HeldDetector());
    };
    await swap(1_000);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const runsBefore = HeldDetector.runs;
    await swap(10_000);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(4 * MIB);
    expect(HeldDetector.runs - runsBefore).toBeGreaterThan(1_000);
    expect(HeldDetector.open).toBe(2);
    expect(scheduler.status()).toMatchObject({ healthy: 2, failures: 0, lastError: null });
    await scheduler.close(5_000);
    expect(failed).toBe(0);
    expect(released).toBe(offered);
    expect(HeldDetector.open).toBe(0);
  });

  it('1,500 times on ONNX Runtime with runs in flight: outputs stay right, memory does not grow', async () => {
    const backend = await createBackend({ backend: 'ort-c-api' });
    const file = writeOnnx('add', addModel);
    let value = 0;
    const slot = new DetectorSlot<number, number>({
      open: () => opened(),
      clock: new SystemClock(),
      backoff: { initialMs: 10, maxMs: 10, factor: 1 },
      random: () => 0,
      changed: () => {},
    });
    const opened = async (): Promise<LoadedModel<number, number>> => {
      const session: InferenceSession = await backend.open({
        file,
        providers: ['cpu'],
        providerOptions: {},
        threads: 1,
      });
      return {
        detect: async (input) => {
          session.input(4).fill(input);
          const [output] = await session.run([1, 4], 10_000);
          return Number(output!.data[3]);
        },
        close: (deadlineMs) => session.close(deadlineMs),
      };
    };
    await slot.start();
    let running = true;
    let wrong = 0;
    const runs = (async () => {
      while (running) {
        value += 1;
        if ((await slot.detect(value)) !== value + 4) wrong += 1;
      }
    })();
    const swap = async (times: number) => {
      for (let i = 0; i < times; i++) await slot.renew(opened);
    };
    // The allocator's arenas fill up in the beginning.
    await swap(600);
    collectGarbage();
    const before = process.memoryUsage();
    const runsBefore = value;
    await swap(1_500);
    collectGarbage();
    const after = process.memoryUsage();
    running = false;
    await runs;
    await slot.close(5_000);
    rmSync(dirname(file), { recursive: true });
    expect(wrong).toBe(0);
    expect(slot.failures).toBe(0);
    expect(value - runsBefore).toBeGreaterThan(1_500);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(4 * MIB);
    // A session that stays is 50 KiB or more, so that 1,500 of them would be 73 MiB.
    expect(after.rss - before.rss).toBeLessThan(24 * MIB);
  }, 120_000);
});

describe('a slot', () => {
  type Model = LoadedModel<number, string> & { closed: number; finish?: (error?: Error) => void };

  function model(name: string): Model {
    const of: Model = {
      closed: 0,
      detect: () =>
        new Promise((resolve, reject) => {
          of.finish = (error) => (error === undefined ? resolve(name) : reject(error));
        }),
      close: async () => {
        of.closed += 1;
      },
    };
    return of;
  }

  function rig(open: () => Promise<Model>) {
    const clock = new FakeClock();
    const slot = new DetectorSlot<number, string>({
      open,
      clock,
      backoff: { initialMs: 100, maxMs: 100, factor: 1 },
      random: () => 1,
      changed: () => {},
    });
    return { clock, slot };
  }

  it('lets the run in progress end on the old detector, and closes that one then', async () => {
    const [old, next] = [model('old'), model('next')];
    const { slot } = rig(async () => old);
    await slot.start();
    const run = slot.detect(1);
    const renewing = slot.renew(async () => next);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect([old.closed, slot.busy, slot.free]).toEqual([0, true, false]);
    old.finish?.();
    expect(await run).toBe('old');
    await renewing;
    expect(old.closed).toBe(1);
    const after = slot.detect(2);
    next.finish?.();
    expect(await after).toBe('next');
  });

  it('stays as it is when the new one cannot be opened', async () => {
    const old = model('old');
    const { slot } = rig(async () => old);
    await slot.start();
    await expect(slot.renew(() => Promise.reject(new Error('no memory')))).rejects.toThrow('no memory');
    expect([slot.healthy, old.closed]).toEqual([true, 0]);
  });

  it('does not blame the new one for a run that fails on the old one', async () => {
    const [old, next] = [model('old'), model('next')];
    const { slot } = rig(async () => old);
    await slot.start();
    for (let i = 0; i < 2; i++) {
      const run = slot.detect(1);
      old.finish?.(new Error('bad'));
      await expect(run).rejects.toThrow('bad');
    }
    const run = slot.detect(1);
    const renewing = slot.renew(async () => next);
    await new Promise<void>((resolve) => setImmediate(resolve));
    old.finish?.(new Error('bad'));
    await expect(run).rejects.toThrow('bad');
    await renewing;
    expect([slot.healthy, next.closed, old.closed]).toEqual([true, 0, 1]);
  });

  it('does not wait for a broken one that is being replaced, whose replacement is not needed any more', async () => {
    const opened: Model[] = [];
    const next = model('next');
    const { slot, clock } = rig(async () => {
      opened.push(model('old'));
      return opened.at(-1)!;
    });
    await slot.start();
    for (let i = 0; i < 3; i++) {
      const run = slot.detect(1);
      opened[0]?.finish?.(new Error('bad'));
      await expect(run).rejects.toThrow('bad');
    }
    expect(slot.healthy).toBe(false);
    await slot.renew(async () => next);
    expect(slot.healthy).toBe(true);
    await clock.advance(1_000);
    expect(opened).toHaveLength(1);
    const run = slot.detect(1);
    next.finish?.();
    expect(await run).toBe('next');
  });

  it('closes the new one when it is closed itself meanwhile', async () => {
    const [old, next] = [model('old'), model('next')];
    const { slot } = rig(async () => old);
    await slot.start();
    let give: (of: Model) => void = () => {};
    const renewing = slot.renew(
      () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    );
    const aborted = expect(renewing).rejects.toMatchObject({ name: 'AbortError' });
    await new Promise<void>((resolve) => setImmediate(resolve));
    const closing = slot.close(5_000);
    give(next);
    await aborted;
    await closing;
    expect([old.closed, next.closed]).toEqual([1, 1]);
  });
});
