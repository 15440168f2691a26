import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OcellusError } from '../../src/base/errors.ts';
import { i420Bytes } from '../../src/flow/frame.ts';
import { CropQueue } from '../../src/infer/crop-queue.ts';
import type { LoadedModel } from '../../src/infer/detector-slot.ts';
import type { Yuv420Picture } from '../../src/infer/preprocess-yuv420.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const RUN_MS = 500;

/** Gives back the level of the crop's first pixel, after a run of half a second. */
class SlowModel implements LoadedModel<Yuv420Picture, readonly number[]> {
  readonly failures: Error[] = [];
  closed = 0;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  async detect(crop: Yuv420Picture): Promise<readonly number[]> {
    await this.#clock.sleep(RUN_MS);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    return [crop.data[0]!];
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

function frameOf(level: number): Yuv420Picture {
  const size = { widthPx: 32, heightPx: 32 };
  return {
    ...size,
    data: new Uint8Array(i420Bytes(32, 32)).fill(level),
    colour: { matrix: 'bt601', range: 'full' },
    source: size,
  };
}

describe('crops that wait', () => {
  let clock: FakeClock;
  let model: SlowModel;
  let queue: CropQueue;
  let told: string[];
  const errors: OcellusError[] = [];

  beforeEach(async () => {
    clock = new FakeClock();
    model = new SlowModel(clock);
    told = [];
    queue = new CropQueue({
      open: async () => model,
      clock,
      random: () => 0.5,
      failed: (error) => errors.push(error),
    });
    await queue.start();
  });
  afterEach(() => queue.close(1_000));

  function offer(key: string, frame: Yuv420Picture): void {
    queue.offer(key, frame, [8, 8, 24, 24], {
      done: ([level]) => told.push(`${key} ${level}`),
      dropped: () => told.push(`${key} dropped`),
    });
  }

  it('outlive their frame', async () => {
    const frame = frameOf(7);
    offer('a', frame);
    frame.data.fill(99);
    await clock.advance(RUN_MS);
    expect(told).toEqual(['a 7']);
  });

  it('are the newest of each object, in the order of arrival', async () => {
    for (const [key, level] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
      ['b', 4],
      ['c', 5],
    ] as const) {
      offer(key, frameOf(level));
    }
    await clock.advance(3 * RUN_MS);
    expect(told).toEqual(['b dropped', 'c dropped', 'a 1', 'b 4', 'c 5']);
    expect(queue.outcomes.snapshot()).toEqual({ classified: 3, replaced: 2 });
  });

  it('are sixteen at most; more are turned away and counted', async () => {
    for (let i = 0; i < 20; i++) offer(`object ${i}`, frameOf(i));
    expect(queue.waiting).toBe(16);
    expect(told).toEqual(['object 17 dropped', 'object 18 dropped', 'object 19 dropped']);
    await clock.advance(17 * RUN_MS);
    expect(queue.outcomes.snapshot()).toEqual({ queue_full: 3, classified: 17 });
  });

  it('go on after a run that failed', async () => {
    model.failures.push(new OcellusError('inference_failed', 'no'));
    offer('a', frameOf(1));
    offer('b', frameOf(2));
    await clock.advance(2 * RUN_MS);
    expect(told).toEqual(['a dropped', 'b 2']);
    expect(errors.map(({ code }) => code)).toEqual(['inference_failed']);
  });

  it('wait for the model to be opened anew after a run that hung', async () => {
    model.failures.push(new OcellusError('inference_timeout', 'too long'));
    offer('a', frameOf(1));
    await clock.advance(RUN_MS);
    expect([queue.healthy, model.closed]).toEqual([false, 1]);
    offer('b', frameOf(2));
    await clock.advance(5_000);
    expect(told).toEqual(['a dropped', 'b 2']);
  });
});
