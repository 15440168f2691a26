import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { ArrivalClock } from '../../src/capture/arrival-clock.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const EPOCH = 1_700_000_000_000;

/** Feeds pictures given as [ptsMs, arrivedMonoMs] and returns their capture times on the monotonic clock. */
function capture(pictures: readonly (readonly [number, number])[]): number[] {
  const arrival = new ArrivalClock(new FakeClock(EPOCH));
  return pictures.map(([ptsMs, arrivedMs]) => arrival.captureTime(ptsMs, arrivedMs).captureMonoMs);
}

describe('ArrivalClock', () => {
  it('removes the jitter of network, decoder and pipe', () => {
    const random = seededRandom(1);
    const pictures = Array.from({ length: 300 }, (_, n) => {
      const delayMs = n === 10 ? 0 : 400 * random();
      return [n * 100, 5_000 + n * 100 + delayMs] as const;
    });
    const late = capture(pictures).map((capturedMs, n) => capturedMs - (5_000 + n * 100));
    expect(Math.max(...late.slice(10).map(Math.abs))).toBeLessThan(1e-6);
  });

  it('gives a burst after a stall the times at which its pictures were taken', () => {
    const steady = Array.from({ length: 50 }, (_, n) => [n * 100, 1_000 + n * 100] as const);
    const held = Array.from({ length: 30 }, (_, n) => [5_000 + n * 100, 9_000 + n] as const);
    expect(capture([...steady, ...held]).slice(50)).toEqual(held.map(([ptsMs]) => ptsMs + 1_000));
  });

  it('never lies after the arrival and never goes back', () => {
    const random = seededRandom(2);
    const pictures = Array.from({ length: 500 }, (_, n) => {
      const ptsMs = n * 40 + 90 * (random() - 0.5);
      return [ptsMs, 2_000 + n * 40 + 300 * random()] as const;
    }).sort((a, b) => a[1] - b[1]);
    const captured = capture(pictures);
    for (const [n, capturedMs] of captured.entries()) {
      expect(capturedMs).toBeLessThanOrEqual(pictures[n]![1]);
      expect(capturedMs).toBeGreaterThanOrEqual(captured[n - 1] ?? 0);
    }
  });

  it.each([
    { reason: 'the camera restarted and counts from zero', ptsMs: 0 },
    { reason: 'a 33-bit MPEG clock wrapped', ptsMs: 10_000 - 2 ** 33 / 90 },
    { reason: 'the clock of the camera was set forward', ptsMs: 3_600_000 },
  ])('starts a new timeline when $reason', ({ ptsMs }) => {
    const before = Array.from({ length: 20 }, (_, n) => [9_000 + n * 50, 1_000 + n * 50] as const);
    const after = Array.from({ length: 3 }, (_, n) => [ptsMs + n * 50, 2_000 + n * 50] as const);
    expect(capture([...before, ...after]).slice(20)).toEqual([2_000, 2_050, 2_100]);
  });

  it('follows a camera whose clock is 200 ppm slow, within the window', () => {
    const pictures = Array.from({ length: 6_000 }, (_, n) => [n * 100 * 0.9998, 1_000 + n * 100] as const);
    const late = capture(pictures).map((capturedMs, n) => pictures[n]![1] - capturedMs);
    expect(Math.max(...late)).toBeLessThan(10);
  });

  it('takes the arrival where a stream has no time', () => {
    expect(capture([[Number.NaN, 700] as const, [Number.NaN, 740] as const])).toEqual([700, 740]);
  });

  it('keeps order through the reordering of B-frames', () => {
    const captured = capture([
      [67, 206],
      [33, 233],
      [67, 244],
      [100, 277],
    ]);
    expect(captured.toSorted((a, b) => a - b)).toEqual(captured);
  });

  it('moves only the wall clock when somebody sets it', () => {
    const clock = new FakeClock(EPOCH);
    const arrival = new ArrivalClock(clock);
    expect(arrival.captureTime(0, 0)).toEqual({ captureMonoMs: 0, captureAtMs: EPOCH });
    clock.setWallMs(EPOCH + 3_600_000);
    expect(arrival.captureTime(100, 100)).toEqual({
      captureMonoMs: 100,
      captureAtMs: EPOCH + 3_600_100,
    });
  });
});
