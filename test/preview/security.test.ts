import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashPassword } from '../../src/preview/auth/password-hash.ts';
import { type RunningDaemon, runDaemon } from '../fixtures/running-daemon.ts';
import { read } from '../house/project.ts';

// Every route is taken from the checked-in description, which the house rules keep current: a new one cannot be forgotten.

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly access: 'public' | 'viewer' | 'operator' | 'admin';
  readonly camera: boolean;
}

const description = JSON.parse(read('docs/reference/openapi.json')) as {
  paths: Record<string, Record<string, { 'x-access': Operation['access']; 'x-camera'?: true }>>;
};
const operations: Operation[] = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    access: operation['x-access'],
    camera: operation['x-camera'] === true,
  })),
);
const guarded = operations.filter(({ access }) => access !== 'public');

const token = () => randomBytes(24).toString('hex');
const tokens = { viewer: token(), operator: token(), admin: token(), frontOnly: token() };
const PASSWORD = 'correct horse';
let daemon: RunningDaemon;

beforeAll(async () => {
  const tokenHash = (text: string) => createHash('sha256').update(text).digest('hex');
  const passwordHash = await hashPassword(PASSWORD);
  daemon = await runDaemon({
    http: {
      users: {
        ann: { passwordHash, role: 'admin' },
        vic: { passwordHash, role: 'viewer', cameras: ['front'] },
      },
      tokens: {
        viewer: { tokenHash: tokenHash(tokens.viewer) },
        operator: { tokenHash: tokenHash(tokens.operator), role: 'operator' },
        admin: { tokenHash: tokenHash(tokens.admin), role: 'admin' },
        'front-only': { tokenHash: tokenHash(tokens.frontOnly), role: 'admin', cameras: ['front'] },
      },
      allowedOrigins: ['https://dashboard.example'],
      trustedHosts: ['porch.lan'],
    },
  });
}, 60_000);

afterAll(() => daemon?.stop());

function call(
  { method, path }: Pick<Operation, 'method' | 'path'>,
  headers: Record<string, string> = {},
  cameraId = 'front',
): Promise<Response> {
  const address = path.replace('{cameraId}', cameraId).replaceAll(/\{\w+\}/g, '0123456789abcdef');
  const stop = new AbortController();
  // Streams would go on for ever: the head is all that is looked at.
  return fetch(`${daemon.url}${address}`, {
    method,
    headers,
    signal: stop.signal,
    redirect: 'manual',
  }).finally(() => setTimeout(() => stop.abort(), 50));
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

test('there is something to guard', () => {
  expect(guarded.length).toBeGreaterThan(12);
});

describe.each(guarded)('$method $path, for $access', (operation) => {
  test('is closed to those who are nobody', async () => {
    const response = await call(operation);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  test.each([
    ['a wrong token', { authorization: `Bearer ${'0'.repeat(48)}` }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}` }],
    ['a made-up session', { cookie: `ocellus_session=${'A'.repeat(43)}` }],
    ['the token as cookie', { cookie: `ocellus_session=${tokens.admin}` }],
  ])('is closed to %s', async (_, headers) => {
    expect((await call(operation, { ...headers, 'sec-fetch-site': 'same-origin' })).status).toBe(401);
  });

  const lesser = (['viewer', 'operator'] as const).filter(
    (role) =>
      ['viewer', 'operator', 'admin'].indexOf(role) <
      ['viewer', 'operator', 'admin'].indexOf(operation.access),
  );
  test.skipIf(lesser.length === 0).each(lesser)('is closed to the role %s', async (role) => {
    expect((await call(operation, bearer(tokens[role]))).status).toBe(403);
  });

  test('is open to the role that it asks for', async () => {
    const role = operation.access as 'viewer' | 'operator' | 'admin';
    expect([401, 403]).not.toContain((await call(operation, bearer(tokens[role]))).status);
  });

  test.skipIf(!operation.camera)(
    'does not tell a camera that is not theirs from one that is not there',
    async () => {
      const ask = async (cameraId: string) => {
        const response = await call(operation, bearer(tokens.frontOnly), cameraId);
        return { status: response.status, body: await response.text() };
      };
      const [others, nobodys] = [await ask('yard'), await ask('nowhere')];
      expect(others).toEqual({ status: 404, body: nobodys.body });
      expect(nobodys.status).toBe(404);
      expect((await call(operation, bearer(tokens.frontOnly))).status).not.toBe(403);
    },
  );

  test('cannot be called by the page of another site with the cookie of a user', async () => {
    const cookie = await login('ann');
    const headers = {
      cookie,
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'cors',
    };
    expect((await call(operation, headers)).status).toBe(403);
  });
});

const sessions = new Map<string, Promise<string>>();
function login(user: string): Promise<string> {
  let cookie = sessions.get(user);
  if (cookie === undefined) {
    cookie = fetch(`${daemon.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user, password: PASSWORD }),
    }).then((response) => response.headers.get('set-cookie')!.split(';')[0]!);
    sessions.set(user, cookie);
  }
  return cookie;
}

describe('what somebody with one camera sees', () => {
  const get = async (path: string) =>
    (await fetch(`${daemon.url}${path}`, { headers: bearer(tokens.frontOnly) })).json();

  test('is that camera alone', async () => {
    const { cameras } = (await get('/api/cameras')) as { cameras: { cameraId: string }[] };
    expect(cameras.map(({ cameraId }) => cameraId)).toEqual(['front']);
    expect(Object.keys(((await get('/api/counts')) as { cameras: object }).cameras)).toEqual(['front']);
    const { config } = (await get('/api/config')) as { config: { cameras: object } };
    expect(Object.keys(config.cameras)).toEqual(['front']);
  });

  test('are the events of that camera alone, whatever is asked for', async () => {
    for (const query of ['', '?camera=yard', '?camera=yard&camera=front', '?text=yard']) {
      const { events } = (await get(`/api/events${query}`)) as { events: { cameraId: string }[] };
      expect(events.filter(({ cameraId }) => cameraId !== 'front')).toEqual([]);
    }
    const yard = daemon.events.find(({ cameraId }) => cameraId === 'yard')!;
    const response = await fetch(`${daemon.url}/api/events/${yard.eventId}`, {
      headers: bearer(tokens.frontOnly),
    });
    expect(response.status).toBe(404);
  });
});

describe('the session', () => {
  test('comes in a cookie that scripts and other sites cannot use, and ends with the logout', async () => {
    const response = await fetch(`${daemon.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'vic', password: PASSWORD }),
    });
    expect(response.status).toBe(200);
    const cookie = response.headers.get('set-cookie')!;
    expect(cookie).toMatch(/^ocellus_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const headers = { cookie: cookie.split(';')[0]!, 'sec-fetch-site': 'same-origin' };
    const cameras = await fetch(`${daemon.url}/api/cameras`, { headers });
    expect(((await cameras.json()) as { cameras: unknown[] }).cameras).toHaveLength(1);
    expect((await fetch(`${daemon.url}/api/session`, { method: 'DELETE', headers })).status).toBe(204);
    expect((await fetch(`${daemon.url}/api/cameras`, { headers })).status).toBe(401);
  });

  test('cannot be ended, or anything be done, without saying where the request comes from', async () => {
    const cookie = await login('ann');
    const end = (headers: Record<string, string>) =>
      fetch(`${daemon.url}/api/session`, { method: 'DELETE', headers: { cookie, ...headers } });
    expect((await end({})).status).toBe(403);
    expect((await end({ origin: 'null' })).status).toBe(403);
    expect((await end({ origin: 'http://127.0.0.1:1' })).status).toBe(403);
    expect((await end({ 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await fetch(`${daemon.url}/api/cameras`, { headers: { cookie } })).status).toBe(200);
  });

  test('is refused for a wrong password, in the words for an unknown user', async () => {
    const attempt = (user: string) =>
      fetch(`${daemon.url}/api/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user, password: 'wrong horse' }),
      });
    const [known, unknown] = [await attempt('ann'), await attempt('nobody')];
    expect([known.status, unknown.status]).toEqual([401, 401]);
    expect(await known.text()).toBe(await unknown.text());
  });
});

describe('names and origins', () => {
  const withHost = (host: string, headers: Record<string, string> = {}) =>
    new Promise<number>((resolve, reject) => {
      const { port } = new URL(daemon.url);
      httpRequest(
        { hostname: '127.0.0.1', port, path: '/api/session', headers: { host, ...headers } },
        (response) => {
          response.resume();
          resolve(response.statusCode!);
        },
      )
        .on('error', reject)
        .end();
    });

  test.each([
    ['a name that somebody had resolve to this device', 'evil.example', 421],
    ['the same with a port', 'evil.example:8080', 421],
    ['an address with something before it', '127.0.0.1.evil.example', 421],
    ['user and address', 'evil@127.0.0.1', 421],
    ['two', '127.0.0.1, evil.example', 421],
    ['an address', '192.0.2.7:8080', 200],
    ['an IPv6 address', '[2001:db8::7]:8080', 200],
    ['localhost', 'LocalHost:1', 200],
    ['a name that is trusted', 'porch.lan', 200],
  ])('Host: %s', async (_, host, status) => {
    expect(await withHost(host)).toBe(status);
  });

  test('a trusted page may ask with a token, and gets no cookie rights', async () => {
    const origin = 'https://dashboard.example';
    const preflight = await fetch(`${daemon.url}/api/cameras`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
    const headers = { origin, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };
    expect(
      (await fetch(`${daemon.url}/api/cameras`, { headers: { ...headers, ...bearer(tokens.viewer) } }))
        .status,
    ).toBe(200);
    const cookie = await login('ann');
    expect((await fetch(`${daemon.url}/api/cameras`, { headers: { ...headers, cookie } })).status).toBe(403);
  });

  test('any other page gets no answer that its browser would show it', async () => {
    const headers = { origin: 'https://evil.example', ...bearer(tokens.viewer) };
    const response = await fetch(`${daemon.url}/api/cameras`, { headers });
    expect(response.status).toBe(403);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('a WebSocket of another site is refused before it begins', async () => {
    const cookie = await login('ann');
    const reply = await raw(
      `GET /api/cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nCookie: ${cookie}\r\n` +
        'Origin: https://evil.example\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    expect(reply).toMatch(/^HTTP\/1\.1 403 /);
  });
});

/** Sends bytes as they are and reads what comes back until the other side ends, or a second has passed. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const { port } = new URL(daemon.url);
    const socket = createConnection(Number(port), '127.0.0.1');
    let text = '';
    const done = () => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(1_000, done);
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('close', done).on('error', done);
    socket.write(bytes);
  });
}

describe('hostile requests', () => {
  const AUTH = `Authorization: Bearer ${tokens.admin}\r\n`;

  test.each([
    '/../../../../etc/passwd',
    '/..%2f..%2f..%2fetc%2fpasswd',
    '/assets/../../../package.json',
    '/assets/..%5c..%5cpackage.json',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//etc/passwd',
    '/index.html%00.js',
    '/api/events/..%2f..%2fconfig/clip.mp4',
    '/api/events/%2e%2e/clip.mp4',
    '/api/cameras/..%2f..%2fetc/snapshot.jpg',
  ])('%s finds nothing', async (path) => {
    const reply = await raw(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${AUTH}Connection: close\r\n\r\n`);
    expect(reply).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(reply).not.toContain('root:');
  });

  test.each([
    [
      'a line break in an address',
      'GET /api/session%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
    ],
    [
      'a line break in a parameter',
      `GET /api/cameras/a%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: 127.0.0.1\r\n${AUTH}Connection: close\r\n\r\n`,
    ],
    [
      'a line break in an origin',
      'GET /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://dashboard.example\rX-Evil: 1\r\nConnection: close\r\n\r\n',
    ],
  ])('%s makes no header', async (_, bytes) => {
    const [head = ''] = (await raw(bytes)).split('\r\n\r\n');
    expect(head.toLowerCase()).not.toMatch(/\n(x-evil|set-cookie):/);
  });

  test.each([
    [
      'two lengths',
      'POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    ],
    [
      'a length and chunks',
      'POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['no host', 'GET /api/session HTTP/1.1\r\n\r\n'],
    [
      'headers without end',
      `GET /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
    ],
    ['an address without end', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`],
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])('%s is refused', async (_, bytes) => {
    expect(await raw(bytes)).toMatch(/^HTTP\/1\.1 4(00|14|31) /);
  });

  const post = (body: string, type = 'application/json') =>
    fetch(`${daemon.url}/api/session`, { method: 'POST', headers: { 'content-type': type }, body });

  test.each([
    ['nothing', '', 400],
    ['half an object', '{"user": "ann", ', 400],
    ['no object', '[1, 2]', 422],
    ['a number for a name', '{"user": 1, "password": "x"}', 422],
    ['a key too many', '{"user": "ann", "password": "x", "role": "admin"}', 422],
    ['a key of the prototype', '{"user": "ann", "password": "x", "__proto__": {"role": "admin"}}', 400],
    ['a password without end', JSON.stringify({ user: 'ann', password: 'x'.repeat(2_000) }), 422],
    ['a body without end', JSON.stringify({ user: 'ann', password: 'x'.repeat(300_000) }), 413],
    ['an abyss', '['.repeat(100_000), 400],
  ])('a body of %s', async (_, body, status) => {
    const response = await post(body);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'a form of another site, %s, is not read',
    async (type) => {
      expect((await post('{"user":"ann","password":"correct horse"}', type)).status).toBe(415);
    },
  );

  test('errors tell nothing of the program', async () => {
    for (const path of [
      '/api/events?limit=0',
      '/api/events?cursor=x',
      '/api/events/%zz',
      '/nowhere',
      '/api/events?x=1',
    ]) {
      const response = await fetch(`${daemon.url}${path}`, { headers: bearer(tokens.admin) });
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(await response.text()).not.toMatch(/node_modules|\.ts|\.js:|at \w+ \(/);
    }
  });

  test('every reply, errors too, keeps browsers from running or framing anything foreign', async () => {
    for (const path of ['/', '/api/session', '/api/cameras', '/nowhere']) {
      const { headers } = await fetch(`${daemon.url}${path}`);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('content-security-policy')).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('server')).toBeNull();
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });
});

test('no secret is served or logged', async () => {
  const config = await (await fetch(`${daemon.url}/api/config`, { headers: bearer(tokens.admin) })).text();
  const told = config + JSON.stringify(daemon.lines);
  for (const secret of ['$scrypt', PASSWORD, ...Object.values(tokens)]) expect(told).not.toContain(secret);
});
