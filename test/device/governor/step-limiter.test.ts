import { describe, expect, it } from 'vitest';
import { StepLimiter } from '../../../src/device/governor/step-limiter.ts';

const MINUTE_MS = 60_000;
const options = { levels: 8, downDwellMs: 10_000, upDwellMs: MINUTE_MS, maxUpDwellMs: 30 * MINUTE_MS };

/** Asks once a second. */
class Rig {
  readonly limiter = new StepLimiter(options);
  nowMs = 0;
  /** When the level changed, and to what. */
  readonly changes: { atMs: number; level: number }[] = [];

  hold(margin: number | ((level: number) => number), forMs: number): number {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; this.nowMs += 1_000) {
      const before = this.limiter.level;
      const level = this.limiter.update(typeof margin === 'number' ? margin : margin(before), this.nowMs);
      if (level !== before) this.changes.push({ atMs: this.nowMs, level });
    }
    return this.limiter.level;
  }
}

describe('StepLimiter', () => {
  it('steps at once under pressure, then no sooner than a step can have shown', () => {
    const rig = new Rig();
    expect(rig.hold(-0.1, 1_000)).toBe(1);
    expect(rig.hold(-0.1, 9_000)).toBe(1);
    expect(rig.hold(-0.1, 1_000)).toBe(2);
  });

  it('takes two steps when there is far too much, and stops at the last level', () => {
    const rig = new Rig();
    expect(rig.hold(-1.5, 1_000)).toBe(2);
    expect(rig.hold(-1.5, 10 * MINUTE_MS)).toBe(8);
  });

  it('changes nothing between the limits', () => {
    const rig = new Rig();
    rig.hold(-0.1, 15_000);
    expect(rig.hold(0.5, 60 * MINUTE_MS)).toBe(2);
  });

  it('comes back level by level, however long the pressure was: nothing winds up', () => {
    const rig = new Rig();
    rig.hold(-1.5, 10 * 60 * MINUTE_MS);
    expect(rig.hold(2, MINUTE_MS + 1_000)).toBe(7);
    expect(rig.hold(2, 7 * MINUTE_MS)).toBe(0);
  });

  it('asks ever more rarely for a level that proves wrong, and at once when things are better than they were', () => {
    const rig = new Rig();
    // Level 2 is too little, level 1 too much.
    const between = (level: number) => (level <= 1 ? -0.2 : 1.1);
    rig.hold(between, 8 * 60 * MINUTE_MS);
    const hourly = (hour: number) =>
      rig.changes.filter(({ atMs }) => Math.floor(atMs / (60 * MINUTE_MS)) === hour).length;
    expect(hourly(0)).toBeGreaterThan(4);
    for (let hour = 1; hour < 8; hour++) expect(hourly(hour)).toBeLessThanOrEqual(4);
    rig.hold(-0.2, 1_000);
    const before = rig.limiter.level;
    expect(rig.hold(1.9, before * MINUTE_MS + 5_000)).toBe(0);
  });
});
