import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/**
 * scrypt (RFC 7914) with N = 2^15, r = 8, p = 3: 32 MiB and about a third of a second of a small device's core for each
 * guess, which OWASP's Password Storage Cheat Sheet holds equal to N = 2^17, p = 1 at a quarter of the memory.
 */
const COST = { ln: 15, r: 8, p: 3 } as const;
/** Hashes that ask for more are refused: they would take the memory of the cameras. */
const MAX_COST = { ln: 17, r: 8, p: 8 } as const;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

interface ParsedHash {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly key: Buffer;
}

/** Hashes a password with a fresh salt. @returns `$scrypt$ln=15,r=8,p=3$SALT$KEY` (PHC string format, base64 unpadded) */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await deriveKey(password, { ...COST, salt, key: Buffer.alloc(0) });
  return `$scrypt$ln=${COST.ln},r=${COST.r},p=${COST.p}$${unpadded(salt)}$${unpadded(key)}`;
}

/** Whether a password is the one that was hashed; takes the same time either way. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const parsed = parseHash(hash);
  if (parsed === undefined) return false;
  return timingSafeEqual(await deriveKey(password, parsed), parsed.key);
}

/** Takes a hash apart; undefined when it is none, or asks for more work than a device can give. */
export function parseHash(hash: string): ParsedHash | undefined {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(
    hash,
  );
  if (match === null) return undefined;
  const [ln, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const key = Buffer.from(match[5]!, 'base64');
  const isDear = ln > MAX_COST.ln || r > MAX_COST.r || p > MAX_COST.p;
  if (isDear || ln < 1 || r < 1 || p < 1 || key.length !== KEY_BYTES) return undefined;
  return { ln, r, p, salt: Buffer.from(match[4]!, 'base64'), key };
}

function deriveKey(password: string, { ln, r, p, salt }: ParsedHash): Promise<Buffer> {
  const N = 2 ** ln;
  // The same characters may be typed in more than one way, by keyboard (NIST SP 800-63B, 5.1.1.2).
  const text = password.normalize('NFKC');
  return derive(text, salt, KEY_BYTES, { N, r, p, maxmem: 128 * N * r + 128 * r * p + 1024 * 1024 });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
