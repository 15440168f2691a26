import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import { OcellusError } from '../../src/base/errors.ts';
import { type Manifest, manifestSchema } from '../../src/models/manifest.ts';
import { type PullOptions, pullModel } from '../../src/models/pull.ts';
import { answering, cutAfter, type ModelServer, modelServer, serving } from '../fixtures/model-server.ts';
import { scratch } from '../fixtures/owned.ts';
import { addModel, onnxModel } from '../fixtures/tiny-onnx.ts';

/** A sound model, and enough bytes to be cut. */
const model = Buffer.concat([onnxModel(addModel), padding(200_000)]);
const hash = sha256(model);
const other = Buffer.concat([onnxModel(addModel), padding(200_001)]);

/** A field of a ModelProto that readers skip: a doc string. */
function padding(bytes: number): Buffer {
  const length: number[] = [];
  for (let left = bytes; left > 0; left >>>= 7) length.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
  return Buffer.concat([Buffer.from([(6 << 3) | 2, ...length]), Buffer.alloc(bytes, 'x')]);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Waits take no time, and are remembered. */
class HurriedClock extends SystemClock {
  readonly slept: number[] = [];

  override sleep(delayMs: number): Promise<void> {
    this.slept.push(delayMs);
    return Promise.resolve();
  }
}

function manifestOf(url: string, source: Partial<Manifest['source'] & object> = {}): Manifest {
  return manifestSchema.parse({
    id: 'tiny',
    source: { url, sha256: hash, bytes: model.length, licence: 'MIT', ...source },
  });
}

interface Setup {
  readonly folder: string;
  readonly file: string;
  readonly clock: HurriedClock;
  readonly warnings: string[];
  pull(server: ModelServer, more?: Partial<PullOptions>): ReturnType<typeof pullModel>;
}

async function setup(): Promise<Setup> {
  const folder = await scratch('pull');
  const file = join(folder, 'tiny.onnx');
  const clock = new HurriedClock();
  const warnings: string[] = [];
  return {
    ...{ folder, file, clock, warnings },
    pull: (server, more = {}) =>
      pullModel({
        manifest: manifestOf(server.url),
        file,
        clock,
        random: () => 0.5,
        signal: new AbortController().signal,
        idleTimeoutMs: 5_000,
        ca: server.ca,
        onProgress: () => {},
        onRetry: (why) => warnings.push(why),
        warn: (message) => warnings.push(message),
        ...more,
      }),
  };
}

async function failure(promise: Promise<unknown>): Promise<OcellusError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OcellusError);
  return error as OcellusError;
}

describe('pulling a model', () => {
  it('fetches, checks and names it, and leaves nothing else but its record', async () => {
    const { file, folder, pull } = await setup();
    const server = await modelServer(serving(model));
    const outcome = await pull(server);
    expect(outcome).toEqual({ file, sha256: hash, bytes: model.length, trust: 'manifest', unchanged: false });
    expect(readFileSync(file).equals(model)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['tiny.onnx', 'tiny.onnx.source.json']);
  });

  it('fetches nothing that is here already, and notices when it is another file', async () => {
    const { file, pull } = await setup();
    const server = await modelServer(serving(model));
    writeFileSync(file, model);
    expect((await pull(server)).unchanged).toBe(true);
    writeFileSync(file, other);
    expect((await failure(pull(server))).code).toBe('model_checksum_wrong');
    expect(server.requests).toEqual([]);
    expect((await pull(server, { force: true })).unchanged).toBe(false);
  });

  it('goes on after every break from where it ended', async () => {
    const { file, clock, pull } = await setup();
    const server = await modelServer(cutAfter(60_000, model), cutAfter(60_000, model), serving(model));
    await pull(server);
    expect(readFileSync(file).equals(model)).toBe(true);
    expect(server.requests.map(({ ifRange }) => ifRange)).toEqual([undefined, '"v1"', '"v1"']);
    for (const { range } of server.requests.slice(1)) expect(range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(clock.slept).toHaveLength(2);
  });

  it('starts anew when the file was replaced meanwhile', async () => {
    const { file, pull } = await setup();
    const server = await modelServer(cutAfter(60_000, other, '"v0"'), serving(model));
    await pull(server, { manifest: manifestOf(server.url, { bytes: undefined }) });
    expect(server.requests[1]).toMatchObject({ ifRange: '"v0"' });
    expect(readFileSync(file).equals(model)).toBe(true);
  });

  it('starts anew at a server that knows no ranges', async () => {
    const { file, pull } = await setup();
    const server = await modelServer(cutAfter(60_000, model), (_, response) => {
      response.writeHead(200, { 'content-length': model.length }).end(model);
    });
    await pull(server);
    expect(readFileSync(file).equals(model)).toBe(true);
  });

  it('starts anew when what was fetched does not belong to the rest', async () => {
    const { file, pull, warnings } = await setup();
    // No version is named, so that only the checksum can tell.
    const server = await modelServer(serving(model, 'W/"weak"'));
    writeFileSync(`${file}.part`, Buffer.alloc(1000, 1));
    writeFileSync(`${file}.part.json`, JSON.stringify({ url: server.url, validator: null }));
    await pull(server);
    expect(server.requests.map(({ range }) => range)).toEqual(['bytes=1000-', undefined]);
    expect(warnings.at(-1)).toContain('does not belong to the rest');
    expect(readFileSync(file).equals(model)).toBe(true);
  });

  it.each([
    ['all of it is there: 416 says how long it is', model, '416 of a whole file'],
    ['the server has less now', Buffer.concat([model, model]), '416 of a shorter file'],
  ])('%s', async (_, part) => {
    const { file, pull } = await setup();
    const server = await modelServer(serving(model));
    writeFileSync(`${file}.part`, part);
    writeFileSync(`${file}.part.json`, JSON.stringify({ url: server.url, validator: '"v1"' }));
    await pull(server, { manifest: manifestOf(server.url, { bytes: undefined }) });
    expect(server.requests[0]?.range).toBe(`bytes=${part.length}-`);
    expect(readFileSync(file).equals(model)).toBe(true);
  });

  it('tries again what may pass, waits as long as the server asks, and gives up in the end', async () => {
    const { clock, pull, file } = await setup();
    const passing = await modelServer(answering(503, { 'retry-after': '7' }), serving(model));
    await pull(passing);
    expect(clock.slept).toEqual([7000]);
    const failing = await modelServer(answering(500));
    const error = await failure(pull(failing, { force: true }));
    expect(error.code).toBe('download_failed');
    expect(error.message).toContain('after 5 attempts');
    expect(error.message).toContain('answers 500');
    expect(readFileSync(file).equals(model)).toBe(true);
  });

  it.each([[404], [403], [410]])('does not try %i again', async (status) => {
    const { pull } = await setup();
    const server = await modelServer(answering(status));
    const error = await failure(pull(server));
    expect(error.message).toContain(`answers ${status}`);
    expect(error.hint).toContain('--from FILE');
    expect(server.requests).toHaveLength(1);
  });

  it('ends an attempt that brings nothing any more, and keeps what it brought', async () => {
    const { folder, pull } = await setup();
    const server = await modelServer((_, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': model.length });
      response.write(model.subarray(0, 1000));
    });
    const error = await failure(pull(server, { idleTimeoutMs: 300 }));
    expect(error.code).toBe('download_failed');
    expect(readFileSync(join(folder, 'tiny.onnx.part')).length).toBeGreaterThan(0);
  }, 30_000);

  it('explains what to do without a network', async () => {
    const { pull } = await setup();
    const server = await modelServer(serving(model));
    const closed = { ...server, url: 'https://127.0.0.1:1/model.onnx' };
    const error = await failure(pull(closed));
    expect(error.hint).toContain('--from FILE');
    expect(error.hint).toContain('HTTPS_PROXY');
  });

  it('does not trust a certificate that nobody vouches for, and does not insist', async () => {
    const { pull, clock } = await setup();
    const server = await modelServer(serving(model));
    const error = await failure(pull(server, { ca: undefined }));
    expect(error.hint).toContain('NODE_EXTRA_CA_CERTS');
    expect(clock.slept).toEqual([]);
  });

  it.each([
    ['wrong bytes', Buffer.alloc(model.length, 7), 'model_checksum_wrong'],
    ['a wrong length', model.subarray(0, 1000), 'download_failed'],
  ])('installs nothing of %s', async (_, bytes, code) => {
    const { folder, pull } = await setup();
    const server = await modelServer(serving(bytes));
    expect((await failure(pull(server))).code).toBe(code);
    expect(readdirSync(folder).filter((name) => name.startsWith('tiny.onnx'))).toEqual([]);
  });

  it('refuses a body that is longer than anything stated, without a length', async () => {
    const { folder, pull } = await setup();
    const server = await modelServer((_, response) => {
      response.writeHead(200);
      response.end(model);
    });
    const manifest = manifestOf(server.url, { bytes: undefined });
    const error = await failure(pull(server, { manifest, maxBytes: 1000 }));
    expect(error.message).toContain('more than 1000 bytes');
    expect(existsSync(join(folder, 'tiny.onnx'))).toBe(false);
  });

  it('refuses what is no model, such as a login page', async () => {
    const { folder, pull } = await setup();
    const page = Buffer.from('<!doctype html><title>Please log in</title>');
    const server = await modelServer(serving(page));
    const manifest = manifestOf(server.url, { sha256: null, bytes: undefined });
    expect((await failure(pull(server, { manifest }))).code).toBe('model_invalid');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('redirects', () => {
  it('follows those to https', async () => {
    const { pull } = await setup();
    const server = await modelServer(answering(302, { location: '/elsewhere' }), serving(model));
    await pull(server);
    expect(server.requests.map(({ path }) => path)).toEqual(['/model.onnx', '/elsewhere']);
  });

  it.each([
    ['to plain http', { location: 'http://127.0.0.1:1/x' }, 'not https'],
    ['to a file', { location: 'file:///etc/passwd' }, 'not https'],
    ['in a circle', { location: '/model.onnx' }, 'redirects more than 5 times'],
  ])('does not follow one %s', async (_, headers, message) => {
    const { pull } = await setup();
    const error = await failure(pull(await modelServer(answering(302, headers))));
    expect(error.message).toContain(message);
  });
});

describe('trust', () => {
  it('records the checksum of a model that none is known of, and holds the next pull to it', async () => {
    const { file, pull, warnings } = await setup();
    const server = await modelServer(serving(model), serving(other));
    const manifest = manifestOf(server.url, { sha256: null, bytes: undefined });
    expect((await pull(server, { manifest })).trust).toBe('first_use');
    expect(warnings).toEqual([`no checksum of tiny is known; that of this file is recorded: ${hash}`]);
    const error = await failure(pull(server, { manifest, force: true }));
    expect(error.message).toContain('the first pull had');
    expect(readFileSync(file).equals(model)).toBe(true);
    const trusted = await pull(server, { manifest, force: true, sha256: sha256(other) });
    expect(trusted.trust).toBe('command_line');
    expect(readFileSync(file).equals(other)).toBe(true);
  });

  it('takes plain http only with a checksum', async () => {
    const { pull } = await setup();
    const server = await modelServer(serving(model));
    const manifest = manifestOf('http://127.0.0.1:1/model.onnx', { sha256: null });
    expect((await failure(pull(server, { manifest }))).message).toContain('is not https');
  });

  it('asks for consent where the manifest demands it, and names the terms', async () => {
    const { pull } = await setup();
    const server = await modelServer(serving(model));
    const manifest = manifestOf(server.url, {
      licence: 'AGPL-3.0-only',
      consent: true,
      notice: 'Publish your source.',
    });
    const error = await failure(pull(server, { manifest }));
    expect(error).toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('--accept-licence AGPL-3.0-only'),
    });
    expect(error.message).toContain('Publish your source.');
    expect(server.requests).toEqual([]);
    expect((await pull(server, { manifest, acceptLicence: 'AGPL-3.0-only' })).unchanged).toBe(false);
  });
});

describe('without a network', () => {
  it('takes a file that somebody brought, under the same checks', async () => {
    const { folder, file, pull } = await setup();
    const server = await modelServer(answering(500));
    const brought = join(folder, 'stick.bin');
    writeFileSync(brought, other);
    expect((await failure(pull(server, { from: brought }))).code).toBe('model_checksum_wrong');
    writeFileSync(brought, model);
    expect((await pull(server, { from: brought })).trust).toBe('manifest');
    expect(readFileSync(file).equals(model)).toBe(true);
    expect(server.requests).toEqual([]);
    expect((await failure(pull(server, { from: join(folder, 'none'), force: true }))).code).toBe('io_failed');
  });
});

describe('two at once', () => {
  it('the second is told that the first is at it', async () => {
    const { pull } = await setup();
    let release = () => {};
    const server = await modelServer((request, response) => {
      release = () => serving(model)(request, response);
    });
    const first = pull(server);
    await expect.poll(() => server.requests.length).toBe(1);
    const error = await failure(pull(server));
    expect(error.message).toContain('another process is fetching');
    release();
    await first;
  });

  it('an abort ends it at once and keeps the part', async () => {
    const { folder, pull } = await setup();
    const server = await modelServer((_, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': model.length });
      response.write(model.subarray(0, 5000));
    });
    const abort = new AbortController();
    const pulled = pull(server, { signal: abort.signal, onProgress: (bytes) => bytes > 0 && abort.abort() });
    await expect(pulled).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(folder).sort()).toEqual(['tiny.onnx.part', 'tiny.onnx.part.json']);
    // The lock is free again.
    await pull(await modelServer(serving(model)));
  });
});
