import { expect, test } from 'vitest';
import { Sessions } from '../../../src/preview/auth/sessions.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';

const MINUTE_MS = 60_000;

function make() {
  const clock = new ManualClock();
  return { clock, sessions: new Sessions({ idleMs: 10 * MINUTE_MS, maxMs: 60 * MINUTE_MS }, clock) };
}

test('a session lasts while it is used, and not beyond its longest time', () => {
  const { clock, sessions } = make();
  const id = sessions.begin('ann');
  for (let minutes = 0; minutes < 56; minutes += 8) {
    expect(sessions.use(id)?.userName).toBe('ann');
    clock.pass(8 * MINUTE_MS);
  }
  clock.pass(5 * MINUTE_MS);
  expect(sessions.use(id)).toBeUndefined();
});

test('one that nobody uses ends, and its streams with it', () => {
  const { clock, sessions } = make();
  const id = sessions.begin('ann');
  const { signal } = sessions.use(id)!;
  for (let minutes = 0; minutes < 11; minutes++) clock.pass(MINUTE_MS);
  expect(signal.aborted).toBe(true);
  expect(sessions.use(id)).toBeUndefined();
});

test('logging out ends one session and leaves the others', () => {
  const { sessions } = make();
  const [phone, desk] = [sessions.begin('ann'), sessions.begin('ann')];
  const { signal } = sessions.use(phone)!;
  sessions.end(phone);
  expect(signal.aborted).toBe(true);
  expect(sessions.use(phone)).toBeUndefined();
  expect(sessions.use(desk)?.userName).toBe('ann');
});

test('one user has a bounded number of sessions, the newest ones, and takes none of another', () => {
  const { sessions } = make();
  const bea = sessions.begin('bea');
  const ids = Array.from({ length: 40 }, () => sessions.begin('ann'));
  expect(ids.map((id) => sessions.use(id) !== undefined)).toEqual(ids.map((_, i) => i >= 8));
  expect(sessions.use(bea)?.userName).toBe('bea');
});

test('ids are 256 random bits, and what is no id is none', () => {
  const { sessions } = make();
  expect(Buffer.from(sessions.begin('ann'), 'base64url')).toHaveLength(32);
  expect(sessions.begin('ann')).not.toBe(sessions.begin('ann'));
  for (const id of ['', '__proto__', 'a'.repeat(10_000)]) expect(sessions.use(id)).toBeUndefined();
});
