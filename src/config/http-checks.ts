import type { HttpConfig } from './http-schema.ts';
import type { Finding, Path } from './issue.ts';
import type { Config } from './schema.ts';
import { closest } from './suggest.ts';

/** What contradicts itself in the section `http`. */
export function checkHttp({ http, cameras }: Config): Finding[] {
  const known = Object.keys(cameras);
  return [
    ...checkListen(http),
    ...checkTls(http),
    ...Object.entries(http.users).flatMap(([name, user]) => {
      const path = ['http', 'users', name];
      const proof = { hash: user.passwordHash, file: user.passwordFile, what: 'password' };
      return [...checkProof(path, proof), ...checkCameras([...path, 'cameras'], user.cameras, known)];
    }),
    ...Object.entries(http.tokens).flatMap(([name, token]) => {
      const path = ['http', 'tokens', name];
      const proof = { hash: token.tokenHash, file: token.tokenFile, what: 'token' };
      return [...checkProof(path, proof), ...checkCameras([...path, 'cameras'], token.cameras, known)];
    }),
  ];
}

function checkListen({ enabled, listen, users, tokens }: HttpConfig): Finding[] {
  const path = ['http', 'listen'];
  const colon = listen.lastIndexOf(':');
  const findings: Finding[] = [];
  if (Number(listen.slice(colon + 1)) > 65_535) {
    findings.push({ path, message: 'the port is above 65535', hint: 'use one of 1 to 65535' });
  }
  const isOpen = Object.keys(users).length + Object.keys(tokens).length === 0;
  if (enabled && isOpen && !isLoopback(listen.slice(0, colon))) {
    findings.push({
      path,
      message: 'an address that others reach needs authentication',
      hint: 'add http.users with what `ocellus password` prints, or listen on 127.0.0.1',
    });
  }
  return findings;
}

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').toLowerCase();
  return address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);
}

function checkTls({ tls }: HttpConfig): Finding[] {
  if (tls === undefined) return [];
  const path = ['http', 'tls'];
  const hasOwn = tls.certFile !== undefined && tls.keyFile !== undefined;
  if (tls.selfSigned && (tls.certFile ?? tls.keyFile) !== undefined) {
    return [
      { path, message: 'a certificate of its own and a self-signed one', hint: 'keep one', atKey: true },
    ];
  }
  if (tls.selfSigned || hasOwn) return [];
  return [
    {
      path,
      message: 'a certificate takes certFile and keyFile',
      hint: 'name both, or write selfSigned: true',
      atKey: true,
    },
  ];
}

interface Proof {
  readonly hash: string | undefined;
  readonly file: string | undefined;
  readonly what: string;
}

function checkProof(path: Path, { hash, file, what }: Proof): Finding[] {
  if ((hash === undefined) !== (file === undefined)) return [];
  const message =
    hash === undefined
      ? `neither ${what}Hash nor ${what}File is set`
      : `${what}Hash and ${what}File are both set`;
  return [{ path, message, hint: hash === undefined ? 'set one' : 'keep one', atKey: true }];
}

function checkCameras(path: Path, named: readonly string[], known: readonly string[]): Finding[] {
  return named.flatMap((name, i) => {
    if (name === '*' || known.includes(name)) return [];
    const near = closest(name, known);
    const hint = near === undefined ? 'name one of cameras, or "*"' : `did you mean "${near}"?`;
    return [{ path: [...path, i], message: `there is no camera "${name}"`, hint }];
  });
}
