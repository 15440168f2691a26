import { expect, it } from 'vitest';
import { InferenceLane } from '../../src/app/inference-lane.ts';
import type { Frame } from '../../src/flow/frame.ts';
import { InferenceScheduler } from '../../src/infer/scheduler.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const RUN_MS = 30;

async function rig() {
  const clock = new FakeClock();
  const outcomes: string[] = [];
  const inferredBy: string[] = [];
  const schedulerOf = async (name: string) => {
    const detect = async () => {
      inferredBy.push(name);
      await clock.sleep(RUN_MS);
      return { detections: [], timings: { preprocessMs: 0, runMs: RUN_MS, decodeMs: 0 } };
    };
    const scheduler = new InferenceScheduler({
      ...{ name, sessions: 1, clock, random: () => 0 },
      open: async () => ({ detect, close: async () => {} }),
    });
    await scheduler.start(new AbortController().signal);
    return scheduler;
  };
  const lane = new InferenceLane({
    ...{ cameraId: 'front', fps: 10, scheduler: await schedulerOf('large') },
    smaller: { name: 'small', scheduler: await schedulerOf('small') },
    sink: {
      result: ({ seq }) => outcomes.push(`${seq} inferred`),
      failed: ({ seq }) => outcomes.push(`${seq} failed`),
      dropped: ({ seq }, reason) => outcomes.push(`${seq} ${reason}`),
    },
  });
  lane.open();
  /** A frame every 100 ms. */
  const run = async (frames: number, from: number) => {
    for (let seq = from; seq < from + frames; seq++) {
      const refusal = lane.refuses(clock.monoMs());
      if (refusal === undefined) lane.offer(frameAt(seq, clock.monoMs()));
      else outcomes.push(`${seq} ${refusal}`);
      await clock.advance(100);
    }
  };
  const count = (what: string) => outcomes.filter((outcome) => outcome.endsWith(what)).length;
  return { clock, lane, outcomes, inferredBy, run, count };
}

function frameAt(seq: number, captureMonoMs: number): Frame {
  return {
    ...{ cameraId: 'front', seq, widthPx: 2, heightPx: 2, data: new Uint8Array(6) },
    colour: { matrix: 'bt601', range: 'limited' },
    source: { widthPx: 2, heightPx: 2 },
    times: { captureAtMs: captureMonoMs, captureMonoMs, decodedAtMs: captureMonoMs },
    release() {},
  };
}

it.each([
  [5, 2, 20, 'governed'],
  [2, 5, 20, 'thinned_out'],
])(
  'a command for %d fps and a governor that grants %d: the lower counts',
  async (asked, granted, inferred, why) => {
    const { lane, run, count } = await rig();
    lane.setFps(asked);
    lane.govern({ fps: granted, model: 'large', maxWaitMs: null });
    await run(100, 1);
    expect(count('inferred')).toBeGreaterThanOrEqual(inferred - 1);
    expect(count('inferred')).toBeLessThanOrEqual(inferred + 1);
    expect(count('inferred') + count('governed') + count('thinned_out')).toBe(100);
    expect(count(why)).toBeGreaterThan(0);
    if (why === 'thinned_out') expect(count('governed')).toBe(0);
  },
);

it('infers everything again when nothing is limited', async () => {
  const { lane, run, count } = await rig();
  lane.govern({ fps: 1, model: 'large', maxWaitMs: 10 });
  await run(20, 1);
  lane.govern({ fps: null, model: 'large', maxWaitMs: null });
  expect(lane.grant).toBeNull();
  const before = count('inferred');
  await run(20, 21);
  expect(count('inferred') - before).toBe(20);
});

it('moves to the smaller model and back without losing what is in inference, and in order', async () => {
  const { clock, lane, outcomes, inferredBy } = await rig();
  lane.offer(frameAt(1, clock.monoMs()));
  lane.govern({ fps: 5, model: 'small', maxWaitMs: null });
  expect(lane.grant).toMatchObject({ model: 'small' });
  await clock.advance(10);
  // The first is still in inference on the large model: results would change places.
  expect(lane.refuses(clock.monoMs())).toBe('governed');
  await clock.advance(RUN_MS);
  expect(outcomes).toEqual(['1 inferred']);
  await clock.advance(200);
  expect(lane.refuses(clock.monoMs())).toBeUndefined();
  lane.offer(frameAt(2, clock.monoMs()));
  await clock.advance(RUN_MS);
  lane.govern({ fps: null, model: 'large', maxWaitMs: null });
  await clock.advance(100);
  expect(lane.refuses(clock.monoMs())).toBeUndefined();
  lane.offer(frameAt(3, clock.monoMs()));
  await clock.advance(RUN_MS);
  expect(outcomes).toEqual(['1 inferred', '2 inferred', '3 inferred']);
  expect(inferredBy).toEqual(['large', 'small', 'large']);
});
