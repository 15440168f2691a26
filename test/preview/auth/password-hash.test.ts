import { scryptSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { hashPassword, parseHash, verifyPassword } from '../../../src/preview/auth/password-hash.ts';

test('the right password matches, others do not', async () => {
  const hash = await hashPassword('correct horse');
  expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
  expect(await verifyPassword('correct horse', hash)).toBe(true);
  expect(await verifyPassword('correct horsf', hash)).toBe(false);
  expect(await verifyPassword('', hash)).toBe(false);
});

test('the same password has another hash each time', async () => {
  expect(await hashPassword('correct horse')).not.toBe(await hashPassword('correct horse'));
});

test('hashes of other tools in the same form are taken, with their own cost', async () => {
  const salt = Buffer.from('0123456789abcdef');
  const key = scryptSync('pässword', salt, 32, { N: 1024, r: 8, p: 1 });
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  const hash = `$scrypt$ln=10,r=8,p=1$${text(salt)}$${text(key)}`;
  expect(await verifyPassword('pässword', hash)).toBe(true);
  // The same letter as a letter and a combining mark.
  expect(await verifyPassword('pa\u0308ssword', hash)).toBe(true);
});

test.each([
  ['nothing', ''],
  ['a password in clear', 'hunter2hunter2'],
  ['another algorithm', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA'],
  ['a cost that would take gigabytes', `$scrypt$ln=24,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$${'A'.repeat(43)}`],
  ['a cost of nothing', `$scrypt$ln=0,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$${'A'.repeat(43)}`],
  ['a short key', '$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$QUJD'],
])('%s is no hash, and nothing matches it', async (_, text) => {
  expect(parseHash(text)).toBeUndefined();
  expect(await verifyPassword('anything', text)).toBe(false);
});
