import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { passwordCommand } from '../../src/cli/password.ts';
import { verifyPassword } from '../../src/preview/auth/password-hash.ts';
import { runCommand } from './capture-io.ts';

test('prints a hash of the first line of its input, and nothing of the password', async () => {
  const { stdout, stderr } = await runCommand(passwordCommand, [], 'correct horse\nsecond line\n');
  expect(await verifyPassword('correct horse', stdout.trim())).toBe(true);
  expect(stdout + stderr).not.toContain('horse');
});

test.each([
  ['short\n', 'the password has 5 characters'],
  ['', 'the password has 0 characters'],
  ['\nlonger password\n', 'the password has 0 characters'],
])('refuses %j', async (input, message) => {
  await expect(runCommand(passwordCommand, [], input)).rejects.toThrow(message);
});

test('makes a token and the hash that belongs to the configuration', async () => {
  const { stdout } = await runCommand(passwordCommand, ['--token']);
  const [, token, hash] = /^token: (\S{43})\ntokenHash: ([0-9a-f]{64})\n$/.exec(stdout)!;
  expect(createHash('sha256').update(token!).digest('hex')).toBe(hash);
});
