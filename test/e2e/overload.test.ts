import { describe, expect, it } from 'vitest';
import { type LoadedSpan, measureOverload } from '../../src/bench/overload.ts';
import { busyDetector } from '../fixtures/detector-onnx.ts';
import { writeOnnx } from '../fixtures/tiny-onnx.ts';

/** About 20 ms where nothing else runs; nothing here depends on how long it takes. */
const TURNS = 60_000;

/** What became of every frame is known, and nothing fell out of the accounts. */
function expectExactAccounts({ frames, unaccounted }: LoadedSpan): void {
  const { captured, inferred, ...drops } = frames;
  const dropped = Object.values(drops).reduce((sum, count) => sum + count, 0);
  expect(unaccounted).toBe(0);
  expect(inferred! + dropped).toBe(captured);
  expect(frames.inference_failed ?? 0).toBe(0);
  expect(frames.governed).toBeGreaterThan(0);
}

/** A frame that is inferred has waited for less than another takes, or has been left for a fresh one. */
function expectBoundedLatency({
  frameToEventP50Ms,
  frameToEventP95Ms,
  runP50Ms,
  runP95Ms,
}: LoadedSpan): void {
  expect(frameToEventP50Ms).toBeLessThan(3 * runP50Ms + 50);
  expect(frameToEventP95Ms).toBeLessThan(4 * runP95Ms + 100);
}

describe('four times as many cameras as the device carries', () => {
  it('are shed fairly and by priority, with every drop accounted for, and all is back when the load goes', async () => {
    const model = writeOnnx('busy', busyDetector(TURNS));
    const { carriedPerS, equal, byPriority, recoveryS } = await measureOverload({
      model,
      seconds: 15,
      onProgress() {},
    });
    expect(equal.offeredPerS).toBeGreaterThan(2 * carriedPerS);
    expect(equal.inferredPerS).toBeGreaterThan(0.3 * carriedPerS);
    expect(equal.jainIndex).toBeGreaterThanOrEqual(0.95);
    expect(equal.level).toBeGreaterThan(0);

    expect(byPriority.jainIndex).toBeGreaterThanOrEqual(0.95);
    const mean = (priority: number) => {
      const counts = byPriority.shares.filter((share) => share.priority === priority);
      return counts.reduce((sum, { inferred }) => sum + inferred, 0) / counts.length;
    };
    expect(mean(3) / mean(1)).toBeGreaterThan(2.2);
    expect(mean(3) / mean(1)).toBeLessThan(3.8);

    for (const span of [equal, byPriority]) {
      expectExactAccounts(span);
      expectBoundedLatency(span);
    }
    expect(recoveryS).not.toBeNull();
    expect(recoveryS).toBeLessThanOrEqual(10);
  });
});
