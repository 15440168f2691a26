import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Answer, type ModelServer, modelServer, serving } from '../fixtures/model-server.ts';
import { owned, scratch } from '../fixtures/owned.ts';
import { Program, runProgram } from '../fixtures/program.ts';
import { addModel, onnxModel } from '../fixtures/tiny-onnx.ts';

const model = Buffer.concat([onnxModel(addModel), docString(300_000)]);

function docString(bytes: number): Buffer {
  const length = [(bytes & 0x7f) | 0x80, ((bytes >> 7) & 0x7f) | 0x80, bytes >> 14];
  return Buffer.concat([Buffer.from([(6 << 3) | 2, ...length]), Buffer.alloc(bytes, 'x')]);
}

/** A folder with a manifest of what the server has, and the environment in which the program trusts the server. */
async function setup(
  ...answers: Answer[]
): Promise<{ folder: string; server: ModelServer; env: NodeJS.ProcessEnv }> {
  const server = await modelServer(...answers);
  const folder = await scratch('pull');
  const hash = createHash('sha256').update(model).digest('hex');
  const source = `{ url: "${server.url}", sha256: ${hash}, bytes: ${model.length}, licence: MIT }`;
  writeFileSync(join(folder, 'tiny.yaml'), `id: tiny\nsource: ${source}\n`);
  writeFileSync(join(folder, 'ca.pem'), server.ca);
  return { folder, server, env: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') } };
}

test('a pull that was killed is gone on with by the next one', async () => {
  const { folder, server, env } = await setup((_, response) => {
    response.writeHead(200, { etag: '"v1"', 'content-length': model.length });
    response.write(model.subarray(0, 100_000));
  }, serving(model));
  const killed = new Program(['models', 'pull', 'tiny', '--dir', folder], env);
  const part = join(folder, 'tiny.onnx.part');
  await expect.poll(() => existsSync(part) && statSync(part).size, { timeout: 20_000 }).toBe(100_000);
  killed.kill('SIGKILL');
  await killed.exited;
  expect(existsSync(join(folder, 'tiny.onnx'))).toBe(false);

  const { status, stdout, stderr } = await runProgram(
    ['models', 'pull', 'tiny', '--dir', folder, '--json'],
    env,
  );
  expect([status, JSON.parse(stdout)]).toEqual([
    0,
    expect.objectContaining({ bytes: model.length, trust: 'manifest', unchanged: false }),
  ]);
  expect(server.requests[1]).toMatchObject({ range: 'bytes=100000-', ifRange: '"v1"' });
  expect(readFileSync(join(folder, 'tiny.onnx')).equals(model)).toBe(true);
  // Plain lines where there is no terminal.
  expect(stderr).toMatch(/^tiny {2}100 % {2}300\.\d kB of 300\.\d kB/m);
  expect(stderr).not.toContain('\r');
});

test('SIGTERM ends a pull at once and keeps what it has', async () => {
  const { folder, env } = await setup((_, response) => {
    response.writeHead(200, { 'content-length': model.length });
    response.write(model.subarray(0, 100_000));
  });
  const program = new Program(['models', 'pull', 'tiny', '--dir', folder], env);
  const part = join(folder, 'tiny.onnx.part');
  await expect.poll(() => existsSync(part) && statSync(part).size, { timeout: 20_000 }).toBe(100_000);
  expect((await program.stop(5_000)).status).toBe(143);
  expect(statSync(part).size).toBe(100_000);
});

test('goes through the proxy of HTTPS_PROXY, and around it where NO_PROXY says so', async () => {
  const { folder, env } = await setup(serving(model));
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer();
  proxy.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
    tunnels.push(request.url ?? '');
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  owned(proxy, async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  });
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const args = ['models', 'pull', 'tiny', '--dir', folder, '--force'];
  const proxied = { ...env, HTTPS_PROXY: address, https_proxy: address, NO_PROXY: '', no_proxy: '' };
  expect((await runProgram(args, proxied)).status).toBe(0);
  expect(tunnels).toHaveLength(1);
  const around = { ...proxied, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' };
  expect((await runProgram(args, around)).status).toBe(0);
  expect(tunnels).toHaveLength(1);
});

test('an id that nobody knows, and a licence that asks for consent, are explained', async () => {
  const unknown = await runProgram(['models', 'pull', 'yolo']);
  expect(unknown.status).toBe(1);
  expect(unknown.stderr).toContain('known are ');
  const folder = await scratch('pull');
  const agpl = await runProgram(['models', 'pull', 'yolov8n', '--dir', folder]);
  expect(agpl.status).toBe(2);
  expect(agpl.stderr).toContain('--accept-licence AGPL-3.0-only');
});
