import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { OcellusError } from '../../src/base/errors.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { scratch } from './scratch.ts';

const HASH = `$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$${'A'.repeat(43)}`;
const TOKEN = 'a'.repeat(32);

function load(http: string, files: Record<string, string> = {}): LoadedConfig {
  const text = `http: ${http}\ncameras: { front: { source: sim://scene, model: m } }\nmodels: { m: { file: m.onnx } }\n`;
  return loadConfig(join(scratch({ 'c.yaml': text, 'm.onnx': '', ...files }), 'c.yaml'), {});
}

function issuesOf(http: string, files?: Record<string, string>): string[] {
  try {
    load(http, files);
    return [];
  } catch (error) {
    return (error as OcellusError).issues.map(({ path, message }) => `${path}: ${message}`);
  }
}

const OTHERS = 'http.listen: an address that others reach needs authentication';

describe('where it may listen', () => {
  test.each(['127.0.0.1:8080', '127.8.8.8:80', 'localhost:8080', '"[::1]:8080"'])(
    '%s asks for nothing',
    (listen) => {
      expect(issuesOf(`{ listen: ${listen} }`)).toEqual([]);
    },
  );

  test.each(['0.0.0.0:8080', '192.0.2.1:8080', '"[::]:8080"', 'porch.lan:8080', '127.0.0.1.evil.example:80'])(
    '%s asks for users or tokens',
    (listen) => {
      expect(issuesOf(`{ listen: ${listen} }`)).toEqual([OTHERS]);
      expect(issuesOf(`{ listen: ${listen}, users: { ann: { passwordHash: "${HASH}" } } }`)).toEqual([]);
      expect(issuesOf(`{ listen: ${listen}, tokens: { t: { tokenHash: "${'0'.repeat(64)}" } } }`)).toEqual(
        [],
      );
    },
  );

  test('where it does not listen at all, nobody needs to prove who they are', () => {
    expect(issuesOf('{ enabled: false, listen: 0.0.0.0:8080 }')).toEqual([]);
  });

  test('a port is one that there is', () => {
    expect(issuesOf('{ listen: 127.0.0.1:70000 }')).toEqual(['http.listen: the port is above 65535']);
  });
});

describe('what users and tokens prove themselves by', () => {
  test('comes from the file or from beside it, and is no part of the configuration', () => {
    const { config, secrets } = load(
      `{ users: { ann: { passwordHash: "${HASH}" }, bea: { passwordFile: bea } }, tokens: { t: { tokenFile: t, role: admin } } }`,
      { bea: `${HASH}\n`, t: `${TOKEN}\n` },
    );
    expect(secrets.httpUsers).toEqual({ ann: HASH, bea: HASH });
    expect(secrets.httpTokens).toEqual({
      t: '3ba3f5f43b92602683c19aee62a20342b084dd5971ddd33808d81a328879a547',
    });
    expect(JSON.stringify(config)).not.toMatch(/scrypt|aaaa/);
    expect(config.http.users).toEqual({
      ann: { role: 'viewer', cameras: ['*'] },
      bea: { role: 'viewer', cameras: ['*'] },
    });
  });

  test.each([
    ['{ users: { ann: {} } }', 'http.users.ann: neither passwordHash nor passwordFile is set'],
    [
      `{ users: { ann: { passwordHash: "${HASH}", passwordFile: f } } }`,
      'http.users.ann: passwordHash and passwordFile are both set',
    ],
    [
      '{ users: { ann: { passwordHash: hunter2 } } }',
      'http.users.ann.passwordHash: not in the form expected',
    ],
    [
      '{ users: { ann: { passwordFile: plain } } }',
      'http.users.ann.passwordFile: the file holds no password hash',
    ],
    ['{ users: { ann: { passwordFile: gone } } }', 'http.users.ann.passwordFile: there is no file gone'],
    [
      '{ tokens: { t: { tokenFile: plain } } }',
      'http.tokens.t.tokenFile: the token has fewer than 32 characters',
    ],
    [
      `{ users: { ann: { passwordHash: "${HASH}", cameras: [frnt] } } }`,
      'http.users.ann.cameras[0]: there is no camera "frnt"',
    ],
    [
      `{ users: { ann: { passwordHash: "${HASH}", role: root } } }`,
      'http.users.ann.role: expected one of viewer, operator, admin',
    ],
    ['{ tls: {} }', 'http.tls: a certificate takes certFile and keyFile'],
    ['{ tls: { certFile: plain } }', 'http.tls: a certificate takes certFile and keyFile'],
    [
      '{ tls: { certFile: plain, keyFile: plain, selfSigned: true } }',
      'http.tls: a certificate of its own and a self-signed one',
    ],
    ['{ allowedOrigins: ["*"] }', 'http.allowedOrigins[0]: not in the form expected'],
  ])('%s is refused', (http, issue) => {
    const found = issuesOf(http, { plain: 'hunter2', f: HASH }).map((text) =>
      text.replace(/file \/\S*\//, 'file '),
    );
    expect(found).toContain(issue);
  });
});
