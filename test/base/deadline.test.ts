import { describe, expect, test } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import { withDeadline } from '../../src/base/deadline.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

describe('withDeadline', () => {
  test('gives the value and leaves no timer', async () => {
    const clock = new FakeClock();
    expect(await withDeadline(Promise.resolve(1), 100, 'work', clock)).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('gives the failure and leaves no timer', async () => {
    const clock = new FakeClock();
    await expect(withDeadline(Promise.reject(new Error('broken')), 100, 'work', clock)).rejects.toThrow(
      'broken',
    );
    expect(clock.pending).toBe(0);
  });

  test('says what took too long', async () => {
    const clock = new FakeClock();
    const outcome = withDeadline(new Promise(() => {}), 100, 'closing the camera', clock).catch(
      (e: unknown) => e,
    );
    await clock.advance(100);
    expect(await outcome).toMatchObject({
      code: 'deadline_exceeded',
      message: 'closing the camera took longer than 100 ms',
    });
  });

  test('a failure after the deadline disturbs nobody', async () => {
    const clock = new FakeClock();
    let fail: (error: Error) => void = () => {};
    const late = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const outcome = withDeadline(late, 100, 'work', clock).catch((e: unknown) => e);
    await clock.advance(100);
    fail(new Error('late'));
    expect(await outcome).toMatchObject({ code: 'deadline_exceeded' });
  });
});

describe('SystemClock', () => {
  test('a sleep ends when its signal aborts, before it began or during it', async () => {
    const clock = new SystemClock();
    const stop = new AbortController();
    const asleep = clock.sleep(60_000, stop.signal);
    stop.abort();
    await expect(asleep).rejects.toMatchObject({ name: 'AbortError' });
    await expect(clock.sleep(60_000, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('a cancelled timer does not fire', async () => {
    const clock = new SystemClock();
    let fired = 0;
    clock.after(1, () => fired++).cancel();
    const timer = clock.after(1, () => fired++);
    await clock.sleep(20);
    timer.cancel();
    expect(fired).toBe(1);
  });
});
