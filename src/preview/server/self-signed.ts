import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  octetString,
  oid,
  sequence,
  setOf,
  time,
  unsignedInteger,
  utf8String,
} from './der.ts';
import type { TlsIdentity } from './listener.ts';

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
/** The clock of a device may be wrong when it makes its certificate. */
const BACKDATE_MS = 24 * 3_600_000;

/**
 * Makes a P-256 key and a certificate for it that it has signed itself (X.509 v3, RFC 5280): good for the given names and
 * for TLS servers, and no authority for anything else.
 * @param names host names and addresses; the first is the subject
 * @param nowMs ms since the epoch
 */
export function makeSelfSigned(names: readonly string[], nowMs: number, validMs: number): TlsIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const name = sequence(setOf(sequence(oid('2.5.4.3'), utf8String(names[0] ?? 'ocellus'))));
  const serial = randomBytes(16);
  // Positive, and never shorter than it looks.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = sequence(
    explicit(0, unsignedInteger(Buffer.from([2]))),
    unsignedInteger(serial),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(nowMs - BACKDATE_MS), time(nowMs + validMs)),
    name,
    spki,
    explicit(3, sequence(...extensions(names, spki))),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, ECDSA_WITH_SHA256, bitString(signature));
  return { cert: pem(certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
}

function extensions(names: readonly string[], spki: Buffer): Buffer[] {
  const keyId = createHash('sha256').update(spki).digest().subarray(0, 20);
  const critical = boolean(true);
  return [
    sequence(oid('2.5.29.19'), critical, octetString(sequence())),
    // digitalSignature
    sequence(oid('2.5.29.15'), critical, octetString(bitString(Buffer.from([0x80]), 7))),
    // serverAuth
    sequence(oid('2.5.29.37'), octetString(sequence(oid('1.3.6.1.5.5.7.3.1')))),
    sequence(oid('2.5.29.14'), octetString(octetString(keyId))),
    sequence(oid('2.5.29.17'), octetString(sequence(...names.map(generalName)))),
  ];
}

function generalName(name: string): Buffer {
  return isIP(name) === 0 ? implicit(2, Buffer.from(name, 'ascii')) : implicit(7, addressBytes(name));
}

/** The 4 or 16 bytes of an address. */
function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.replace(/%.*$/, '').split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const zeros = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array.from({ length: zeros }, () => '0'), ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
