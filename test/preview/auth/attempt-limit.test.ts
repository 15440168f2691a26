import { expect, test } from 'vitest';
import { AttemptLimit } from '../../../src/preview/auth/attempt-limit.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';

function make(maxNames = 100) {
  const clock = new ManualClock();
  return { clock, limit: new AttemptLimit({ burst: 3, refillMs: 10_000, maxNames }, clock) };
}

test('a burst is let through, then one attempt each time that one is due', () => {
  const { clock, limit } = make();
  expect([1, 2, 3].map(() => limit.take('a'))).toEqual([0, 0, 0]);
  expect(limit.take('a')).toBe(10_000);
  clock.pass(4_000);
  expect(limit.take('a')).toBe(6_000);
  clock.pass(6_000);
  expect(limit.take('a')).toBe(0);
  expect(limit.take('a')).toBe(10_000);
});

test('trying on while it is closed does not keep it closed', () => {
  const { clock, limit } = make();
  for (let i = 0; i < 50; i++) limit.take('a');
  clock.pass(10_000);
  expect(limit.take('a')).toBe(0);
});

test('names do not share', () => {
  const { limit } = make();
  for (let i = 0; i < 4; i++) limit.take('a');
  expect(limit.take('b')).toBe(0);
});

test('a good attempt starts afresh', () => {
  const { limit } = make();
  for (let i = 0; i < 3; i++) limit.take('a');
  limit.forgive('a');
  expect([1, 2, 3].map(() => limit.take('a'))).toEqual([0, 0, 0]);
});

test('many names take no more memory than allowed, and the busy ones are remembered', () => {
  const { limit } = make(10);
  for (let i = 0; i < 1_000; i++) {
    limit.take(`name-${i}`);
    limit.take('busy');
  }
  expect(limit.take('busy')).toBeGreaterThan(0);
});
