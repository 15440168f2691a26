import { expect, it } from 'vitest';
import { GovernedRate } from '../../src/app/governed-rate.ts';

/** Frames of a camera that pass, if each that does is inferred. */
function passed(rate: GovernedRate, cameraFps: number, fromMs: number, forMs: number): number {
  let count = 0;
  for (let atMs = fromMs; atMs < fromMs + forMs; atMs += 1000 / cameraFps) {
    if (!rate.isDue(atMs)) continue;
    rate.spend(atMs);
    count += 1;
  }
  return count;
}

it.each([
  [10, 5],
  [10, 4],
  [10, 3.3],
  [25, 7],
  [5, 0.5],
])('of %d frames per second lets %d through, which need not divide them', (cameraFps, fps) => {
  const rate = new GovernedRate();
  rate.limit(fps);
  expect(Math.abs(passed(rate, cameraFps, 0, 60_000) - fps * 60)).toBeLessThanOrEqual(1);
});

it('makes up for a frame that was dropped on its way with the next one', () => {
  const rate = new GovernedRate();
  rate.limit(2);
  rate.spend(0);
  expect(rate.isDue(400)).toBe(false);
  expect(rate.isDue(500)).toBe(true);
  expect(rate.isDue(600)).toBe(true);
  rate.spend(600);
  expect(rate.isDue(1_000)).toBe(true);
});

it('keeps no more than one frame of a rate that was not used', () => {
  const rate = new GovernedRate();
  rate.limit(1);
  rate.spend(0);
  expect(passed(rate, 10, 60_000, 1_000)).toBe(2);
});

it('goes by a higher rate at once', () => {
  const rate = new GovernedRate();
  rate.limit(0.5);
  rate.spend(0);
  expect(rate.isDue(300)).toBe(false);
  rate.limit(4);
  expect(rate.isDue(300)).toBe(true);
  rate.limit(null);
  expect(rate.isLimited).toBe(false);
});
