import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeSelfSigned } from '../../../src/preview/server/self-signed.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 25, 12, 0, 0);

test('is a certificate for the given names and addresses, signed with its own key', async () => {
  const names = ['porch', 'porch.local', '192.0.2.7', '2001:db8::7'];
  const { cert, key } = await makeSelfSigned(names, NOW_MS, 100 * DAY_MS);
  const certificate = new X509Certificate(cert);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(certificate.subject).toBe('CN=porch');
  expect(certificate.subjectAltName).toBe(
    'DNS:porch, DNS:porch.local, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7',
  );
  expect(certificate.checkHost('porch.local')).toBe('porch.local');
  expect(certificate.checkHost('evil.example')).toBeUndefined();
  expect(certificate.ca).toBe(false);
  expect(Date.parse(certificate.validFrom)).toBe(NOW_MS - DAY_MS);
  expect(Date.parse(certificate.validTo)).toBe(NOW_MS + 100 * DAY_MS);
});

test('says years from 2050 in four digits', async () => {
  const { cert } = await makeSelfSigned(['porch'], Date.UTC(2049, 11, 1), 100 * DAY_MS);
  expect(new X509Certificate(cert).validTo).toMatch(/2050 GMT$/);
});

test('no two have the same serial number or key', async () => {
  const [a, b] = await Promise.all(
    [0, 1].map(async () => new X509Certificate((await makeSelfSigned(['porch'], NOW_MS, DAY_MS)).cert)),
  );
  expect(a!.serialNumber).not.toBe(b!.serialNumber);
  expect(a!.fingerprint256).not.toBe(b!.fingerprint256);
});
