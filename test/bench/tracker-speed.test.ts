import { expect, it } from 'vitest';
import { measureTrackerSpeed } from '../../src/bench/tracker-speed.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { person } from '../track/scene.ts';

/** A clock on which every look takes 400 ms. */
class SlowClock extends FakeClock {
  #looks = 0;

  override monoMs(): number {
    this.#looks += 1;
    return this.#looks * 400;
  }
}

it('counts the frames of whole passes against the time that they took', () => {
  const frames = Array.from({ length: 50 }, (_, index) => [person(100 + index)]);
  const speed = measureTrackerSpeed([{ frames, fps: 25 }], new SlowClock());
  expect(speed).toEqual({ frames: 150, seconds: 1.2, framesPerSecond: 125 });
});

it('does not wait for ever for a speed of nothing', () => {
  expect(measureTrackerSpeed([])).toEqual({ frames: 0, seconds: 0, framesPerSecond: 0 });
});
