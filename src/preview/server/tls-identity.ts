import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import { messageOf, OcellusError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { HttpConfig } from '../../config/http-schema.ts';
import type { TlsIdentity } from './listener.ts';
import { makeSelfSigned } from './self-signed.ts';

const DAY_MS = 86_400_000;
/** Apple's platforms take no server certificate that lasts longer. */
const VALID_MS = 820 * DAY_MS;
const RENEW_BEFORE_MS = 30 * DAY_MS;

export interface TlsParts {
  readonly http: HttpConfig;
  /** Where a certificate of its own is kept. */
  readonly storagePath: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * What this server proves its name with, as configured; undefined without TLS. A self-signed certificate is kept, so that
 * who has trusted it need not do so again, and made anew when it ends soon or the device has another name or address.
 * @throws OcellusError `config_invalid` when certificate and key cannot be used together
 */
export async function tlsIdentity(parts: TlsParts): Promise<TlsIdentity | undefined> {
  const { tls } = parts.http;
  if (tls === undefined) return undefined;
  if (tls.selfSigned) return selfSigned(parts);
  const identity = { cert: await readFile(tls.certFile ?? ''), key: await readFile(tls.keyFile ?? '') };
  try {
    createSecureContext(identity);
  } catch (error) {
    throw new OcellusError('config_invalid', `http.tls: ${messageOf(error)}`, {
      hint: 'certFile and keyFile must be PEM and belong together',
      cause: error,
    });
  }
  return identity;
}

async function selfSigned({ http, storagePath, clock, log }: TlsParts): Promise<TlsIdentity> {
  const folder = join(storagePath, 'tls');
  const file = join(folder, 'self-signed.pem');
  const names = ownNames(http.trustedHosts);
  const kept = await readFile(file, 'utf8').catch(() => undefined);
  const known = kept === undefined ? undefined : usable(kept, names, clock.wallMs());
  if (known !== undefined) return known;
  const made = await makeSelfSigned(names, clock.wallMs(), VALID_MS);
  await mkdir(folder, { recursive: true, mode: 0o750 });
  // Both in one file: a crash leaves the old pair or the new one.
  await writeFile(`${file}.new`, `${made.key}\n${made.cert}`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  const { fingerprint256 } = new X509Certificate(made.cert);
  log.info(
    { names, fingerprint256 },
    'made a certificate: compare its fingerprint with what the browser shows',
  );
  return made;
}

/** Certificate and key of a file that this program wrote; undefined when they will not do any more. */
function usable(pem: string, names: readonly string[], nowMs: number): TlsIdentity | undefined {
  const start = pem.indexOf('-----BEGIN CERTIFICATE-----');
  const identity = { key: pem.slice(0, start), cert: pem.slice(start) };
  try {
    createSecureContext(identity);
    const certificate = new X509Certificate(identity.cert);
    const lasts = Date.parse(certificate.validTo) - nowMs > RENEW_BEFORE_MS;
    const covers = names.every((name) => certificate.checkIP(name) ?? certificate.checkHost(name));
    return lasts && covers ? identity : undefined;
  } catch {
    return undefined;
  }
}

/** What this device may be opened by. */
function ownNames(trustedHosts: readonly string[]): string[] {
  const own = hostname().toLowerCase();
  const addresses = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    // Link-local IPv6 addresses need a zone, which certificates do not know.
    .filter(({ address, scopeid }) => !address.startsWith('fe80:') && (scopeid ?? 0) === 0)
    .map(({ address }) => address);
  return [...new Set([own, `${own}.local`, 'localhost', ...trustedHosts, ...addresses])];
}
