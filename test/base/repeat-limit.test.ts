import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LimitedLogger } from '../../src/base/limited-logger.ts';
import { RepeatLimit } from '../../src/base/repeat-limit.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { recordingLog } from '../fixtures/recording-log.ts';

const OPTIONS = { burst: 3, refillMs: 1_000, maxKinds: 4, tellAfterMs: 10_000 };

describe('RepeatLimit', () => {
  test('lets a burst through, then one in a while, and says how many were left out', () => {
    const limit = new RepeatLimit(OPTIONS);
    const admitted = [0, 1, 2, 3, 4, 1_000, 1_001, 3_500].map((ms) => limit.admit('a', ms));
    expect(admitted).toEqual([0, 0, 0, undefined, undefined, 2, undefined, 1]);
  });

  test('tells kinds apart', () => {
    const limit = new RepeatLimit(OPTIONS);
    for (let i = 0; i < 5; i++) limit.admit('a', 0);
    expect(limit.admit('b', 0)).toBe(0);
  });

  test('never lets more through than burst and rate allow, and loses count of none', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 200 }), (gaps) => {
        const limit = new RepeatLimit({ ...OPTIONS, tellAfterMs: Number.POSITIVE_INFINITY });
        let [monoMs, admitted, told] = [0, 0, 0];
        for (const gapMs of gaps) {
          monoMs += gapMs;
          const suppressed = limit.admit('a', monoMs);
          if (suppressed === undefined) continue;
          admitted += 1;
          told += suppressed;
        }
        expect(admitted).toBeLessThanOrEqual(OPTIONS.burst + monoMs / OPTIONS.refillMs);
        // One more, long after, tells of the rest.
        told += limit.admit('a', monoMs + 10_000)!;
        expect(admitted + told).toBe(gaps.length);
      }),
    );
  });

  test('tells of a kind that fell silent, once', () => {
    const limit = new RepeatLimit(OPTIONS);
    for (let i = 0; i < 5; i++) limit.admit('a', 0);
    expect(limit.overdue(9_999)).toEqual([]);
    expect(limit.overdue(10_000)).toEqual([{ kind: 'a', suppressed: 2 }]);
    expect(limit.overdue(30_000)).toEqual([]);
  });

  test('forgets the kind that was heard of longest ago when there are too many', () => {
    const limit = new RepeatLimit(OPTIONS);
    for (const kind of ['a', 'b', 'c', 'd']) for (let i = 0; i < 4; i++) limit.admit(kind, 0);
    limit.admit('a', 0);
    limit.admit('e', 0);
    expect(limit.admit('a', 0)).toBeUndefined();
    expect(limit.admit('b', 0)).toBe(0);
  });
});

describe('LimitedLogger', () => {
  test('limits the same line of the same part, and no other', async () => {
    const { log, lines } = recordingLog();
    const clock = new FakeClock();
    const limited = new LimitedLogger(log, new RepeatLimit(OPTIONS), clock);
    const [front, back] = [limited.child({ camera: 'front' }), limited.child({ camera: 'back' })];
    for (let seq = 0; seq < 10; seq++) front.warn({ seq }, 'frame failed');
    back.warn({ seq: 0 }, 'frame failed');
    front.error({}, 'frame failed');
    limited.warn({ camera: 'front' }, 'another');
    for (let i = 0; i < 10; i++) front.debug({}, 'detail');
    expect(lines.filter(({ message }) => message === 'frame failed')).toHaveLength(5);
    expect(lines.filter(({ level }) => level === 'debug')).toHaveLength(10);
    await clock.advance(1_000);
    front.warn({ seq: 10 }, 'frame failed');
    expect(lines.at(-1)!.fields).toEqual({ camera: 'front', seq: 10, suppressed: 7 });
    front.warn({ seq: 11 }, 'frame failed');
    await clock.advance(11_000);
    back.info({}, 'something else');
    expect(lines.at(-2)).toMatchObject({
      message: 'repeated lines were left out',
      fields: { of: expect.stringMatching(/front.*frame failed/), suppressed: 1 },
    });
  });
});
