import { describe, expect, it } from 'vitest';
import { Watchdog } from '../../src/base/watchdog.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

function watched() {
  const clock = new FakeClock();
  const expired: number[] = [];
  const watchdog = new Watchdog(clock, () => expired.push(clock.monoMs()));
  return { clock, watchdog, expired };
}

describe('Watchdog', () => {
  it('tells of a wait that takes longer than it may, once', async () => {
    const { clock, watchdog, expired } = watched();
    watchdog.start(100);
    await clock.advance(99);
    expect(expired).toEqual([]);
    await clock.advance(1_000);
    expect(expired).toEqual([100]);
  });

  it('says nothing of waits that end in time, and sets no timer for each', async () => {
    const { clock, watchdog, expired } = watched();
    for (let wait = 0; wait < 50; wait++) {
      watchdog.start(100);
      await clock.advance(90);
      watchdog.stop();
      await clock.advance(5);
      expect(clock.pending).toBeLessThanOrEqual(1);
    }
    await clock.advance(1_000);
    expect(expired).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('measures each wait from its own start', async () => {
    const { clock, watchdog, expired } = watched();
    watchdog.start(100);
    await clock.advance(60);
    watchdog.stop();
    watchdog.start(100);
    await clock.advance(99);
    expect(expired).toEqual([]);
    await clock.advance(1);
    expect(expired).toEqual([160]);
  });

  it('is in time for a wait that may take less than the one before', async () => {
    const { clock, watchdog, expired } = watched();
    watchdog.start(10_000);
    watchdog.stop();
    watchdog.start(50);
    await clock.advance(50);
    expect(expired).toEqual([50]);
  });

  it('leaves no timer behind when it is closed, which would keep alive what it watched', async () => {
    const { clock, watchdog, expired } = watched();
    watchdog.start(120_000);
    watchdog.stop();
    watchdog.close();
    expect(clock.pending).toBe(0);
    await clock.advance(200_000);
    expect(expired).toEqual([]);
  });

  it('may be started anew when it expires', async () => {
    const clock = new FakeClock();
    const expired: number[] = [];
    const watchdog: Watchdog = new Watchdog(clock, () => {
      expired.push(clock.monoMs());
      if (expired.length < 2) watchdog.start(30);
    });
    watchdog.start(100);
    await clock.advance(500);
    expect(expired).toEqual([100, 130]);
  });
});
