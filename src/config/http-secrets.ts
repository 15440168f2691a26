import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { HttpConfig } from './http-schema.ts';
import { userSchema } from './http-schema.ts';
import { readSecret } from './interpolate.ts';
import type { Finding, Path } from './issue.ts';

const MIN_TOKEN_CHARACTERS = 32;

export interface HttpSecrets {
  /** Hash of each user's password, as `ocellus password` prints it. */
  readonly httpUsers: Readonly<Record<string, string>>;
  /** SHA-256 of each token, hexadecimal. */
  readonly httpTokens: Readonly<Record<string, string>>;
  /** Of each of `http.webrtc.iceServers`, where it has one. */
  readonly iceCredentials: readonly (string | undefined)[];
}

/**
 * Reads what users and tokens are proved by, and takes it out of the section.
 * @param readable makes a path absolute and sees that it can be read
 */
export function resolveHttp(
  http: HttpConfig,
  baseDir: string,
  readable: (path: Path, file: string) => string,
): { http: HttpConfig; secrets: HttpSecrets; findings: Finding[] } {
  const findings: Finding[] = [];
  const httpUsers: Record<string, string> = {};
  const httpTokens: Record<string, string> = {};
  const users: HttpConfig['users'] = {};
  for (const [name, { passwordHash, passwordFile, ...user }] of Object.entries(http.users)) {
    users[name] = user;
    const path = ['http', 'users', name, 'passwordFile'];
    const hash = passwordHash ?? secretOf(path, passwordFile, baseDir, findings);
    if (hash === undefined) continue;
    if (userSchema.shape.passwordHash.safeParse(hash).success) httpUsers[name] = hash;
    else
      findings.push({
        path,
        message: 'the file holds no password hash',
        hint: 'write to it what `ocellus password` prints',
      });
  }
  const tokens: HttpConfig['tokens'] = {};
  for (const [name, { tokenHash, tokenFile, ...token }] of Object.entries(http.tokens)) {
    tokens[name] = token;
    const path = ['http', 'tokens', name, 'tokenFile'];
    const secret = secretOf(path, tokenFile, baseDir, findings);
    if (tokenHash !== undefined) httpTokens[name] = tokenHash;
    else if (secret === undefined) continue;
    else if (secret.length >= MIN_TOKEN_CHARACTERS) httpTokens[name] = sha256(secret);
    else
      findings.push({
        path,
        message: `the token has fewer than ${MIN_TOKEN_CHARACTERS} characters`,
        hint: '`ocellus password --token` makes a good one',
      });
  }
  const { tls, webrtc } = http;
  const iceServers = webrtc.iceServers.map(({ credential: _secret, ...server }) => server);
  const resolvedTls = tls && {
    ...tls,
    ...(tls.certFile !== undefined && { certFile: readable(['http', 'tls', 'certFile'], tls.certFile) }),
    ...(tls.keyFile !== undefined && { keyFile: readable(['http', 'tls', 'keyFile'], tls.keyFile) }),
  };
  return {
    http: {
      ...{ ...http, users, tokens, webrtc: { ...webrtc, iceServers } },
      ...(resolvedTls && { tls: resolvedTls }),
    },
    secrets: {
      ...{ httpUsers, httpTokens },
      iceCredentials: webrtc.iceServers.map(({ credential }) => credential),
    },
    findings,
  };
}

function secretOf(
  path: Path,
  file: string | undefined,
  baseDir: string,
  findings: Finding[],
): string | undefined {
  if (file === undefined) return undefined;
  const secret = readSecret(resolve(baseDir, file));
  if (typeof secret === 'string') return secret;
  findings.push({ path, ...secret });
  return undefined;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
