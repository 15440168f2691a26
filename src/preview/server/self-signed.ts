import { isIP } from 'node:net';
import type { TlsIdentity } from './listener.ts';

/** The clock of a device may be wrong when it makes its certificate. */
const BACKDATE_MS = 24 * 3_600_000;

/**
 * Makes a P-256 key and a certificate for it that it has signed itself (X.509 v3, RFC 5280): good for the given names and
 * for TLS servers, and no authority for anything else.
 * @param names host names and addresses; the first is the subject
 * @param nowMs ms since the epoch
 */
export async function makeSelfSigned(
  names: readonly string[],
  nowMs: number,
  validMs: number,
): Promise<TlsIdentity> {
  // Twenty packages, and most devices have no use for them.
  const { generate } = await import('selfsigned');
  const { cert, private: key } = await generate([{ name: 'commonName', value: names[0] ?? 'ocellus' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - BACKDATE_MS),
    notAfterDate: new Date(nowMs + validMs),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) =>
          isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name.replace(/%.*$/, '') },
        ),
      },
    ],
  });
  return { cert, key };
}
