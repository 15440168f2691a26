import type { X509Certificate } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { get as httpsGet } from 'node:https';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { idlePreview } from '../../fixtures/idle-preview.ts';

const FAST = { timeouts: { headersMs: 400, requestMs: 800, checkMs: 100 } };

/** Sends the parts one by one and resolves with what came back when the other side ends the connection. */
function slowly(
  url: string,
  parts: readonly string[],
  everyMs: number,
): Promise<{ text: string; socket: Socket }> {
  return new Promise((resolve) => {
    const socket = createConnection(Number(new URL(url).port), '127.0.0.1');
    let text = '';
    let next = 0;
    const timer = setInterval(() => {
      if (next < parts.length) socket.write(parts[next++]!);
    }, everyMs);
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ text, socket });
    });
  });
}

test('who sends headers one by one, or a body byte by byte, is cut off', async () => {
  const preview = await idlePreview({}, {}, FAST);
  const headers = ['GET / HTTP/1.1\r\n', ...Array.from({ length: 500 }, (_, i) => `X-${i}: a\r\n`)];
  const body = [
    'POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n',
    ...Array.from({ length: 500 }, () => ' '),
  ];
  const [head, rest] = await Promise.all([slowly(preview.url, headers, 50), slowly(preview.url, body, 50)]);
  expect(head.text).toContain('408');
  expect(rest.text).toContain('408');
  expect((await fetch(`${preview.url}/api/session`)).status).toBe(200);
  await preview.stop();
});

test('one address cannot take every connection, and nothing is left when it goes', async () => {
  const preview = await idlePreview();
  const port = Number(new URL(preview.url).port);
  const sockets = Array.from({ length: 200 }, () =>
    createConnection(port, '127.0.0.1').on('error', () => {}),
  );
  const closed = await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<boolean>((resolve) => {
          socket.once('close', () => resolve(true));
          socket.setTimeout(1_500, () => resolve(false));
        }),
    ),
  );
  expect(closed.filter((was) => was)).toHaveLength(200 - 128);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await fetch(`${preview.url}/api/session`)).status).toBe(200);
  await preview.stop();
});

test('closing ends streams and idle connections in time', async () => {
  const preview = await idlePreview();
  const stream = await fetch(`${preview.url}/api/events/stream`);
  const idle = createConnection(Number(new URL(preview.url).port), '127.0.0.1').on('error', () => {});
  const ended = new Promise((resolve) => idle.once('close', resolve));
  await preview.server.close(2_000);
  await ended;
  await expect(stream.text()).rejects.toThrow();
  await preview.stop();
});

test('a port that is taken is waited for, and nothing else stops', async () => {
  const first = await idlePreview();
  const second = await idlePreview({ listen: new URL(first.url).host });
  expect(second.url).toBe('');
  expect(second.lines.find(({ level }) => level === 'error')?.message).toContain(
    'set http.listen to a free port',
  );
  await second.stop();
  await first.stop();
});

test('a certificate of its own is made once, kept from others, and good for the addresses of the device', async () => {
  const preview = await idlePreview({ tls: { selfSigned: true } });
  expect(preview.url).toMatch(/^https:/);
  const reply = await new Promise<{ status: number; hsts: unknown; certificate: X509Certificate }>(
    (resolve, reject) => {
      httpsGet(`${preview.url}/api/session`, { rejectUnauthorized: false }, (response) => {
        response.resume();
        const socket = response.socket as unknown as { getPeerX509Certificate(): X509Certificate };
        const hsts = response.headers['strict-transport-security'];
        resolve({ status: response.statusCode!, hsts, certificate: socket.getPeerX509Certificate() });
      }).on('error', reject);
    },
  );
  expect(reply.status).toBe(200);
  expect(reply.hsts).toBe('max-age=86400');
  expect(reply.certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  const file = join(preview.folder, 'tls/self-signed.pem');
  expect(existsSync(file)).toBe(true);
  expect(statSync(file).mode & 0o077).toBe(0);
  await expect(fetch(`${preview.url}/api/session`)).rejects.toThrow();
  await preview.stop();
});
