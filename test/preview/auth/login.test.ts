import { expect, test } from 'vitest';
import { Login, networkOf } from '../../../src/preview/auth/login.ts';
import { hashPassword } from '../../../src/preview/auth/password-hash.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';
import { recordingLog } from '../../fixtures/recording-log.ts';

const hash = await hashPassword('correct horse');

function make() {
  const clock = new ManualClock();
  const { log, lines } = recordingLog();
  return { clock, lines, login: new Login({ httpUsers: { ann: hash } }, clock, log) };
}

const outcome = (promise: Promise<void>) =>
  promise.then(
    () => 200,
    (error: { status: number }) => error.status,
  );

test('tells a wrong password and an unknown user in the same words', async () => {
  const { login } = make();
  await expect(login.check('ann', 'wrong horse', '192.0.2.1')).rejects.toThrow(
    'user and password do not belong together',
  );
  await expect(login.check('bob', 'correct horse', '192.0.2.1')).rejects.toThrow(
    'user and password do not belong together',
  );
  await expect(login.check('__proto__', 'correct horse', '192.0.2.1')).rejects.toThrow(
    'do not belong together',
  );
  await login.check('ann', 'correct horse', '192.0.2.1');
});

test('an address that guesses is stopped for a while, whatever it tries, and others are not', async () => {
  const { clock, login, lines } = make();
  const tries = [];
  for (let i = 0; i < 11; i++) tries.push(await outcome(login.check(`user-${i}`, 'x', '192.0.2.1')));
  expect(tries).toEqual([...Array(10).fill(401), 429]);
  expect(await outcome(login.check('ann', 'correct horse', '192.0.2.1'))).toBe(429);
  expect(await outcome(login.check('ann', 'correct horse', '192.0.2.2'))).toBe(200);
  clock.pass(15_000);
  expect(await outcome(login.check('ann', 'correct horse', '192.0.2.1'))).toBe(200);
  expect(JSON.stringify(lines)).not.toContain('horse');
});

test('many addresses that guess one password are stopped too', async () => {
  const { login } = make();
  const tries = [];
  for (let i = 0; i < 21; i++) tries.push(await outcome(login.check('ann', 'x', `192.0.2.${i}`)));
  expect(tries).toEqual([...Array(20).fill(401), 429]);
});

test('checks do not pile up', async () => {
  const { login } = make();
  const tries = Array.from({ length: 15 }, (_, i) => outcome(login.check(`u${i}`, 'x', `192.0.2.${i}`)));
  const statuses = await Promise.all(tries);
  expect(statuses.filter((status) => status === 401)).toHaveLength(8);
  expect(statuses.filter((status) => status === 429)).toHaveLength(7);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::9', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
])('%s is of the network %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
