import { createServer } from 'node:net';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SystemClock } from '../../src/base/clock.ts';
import { examine } from '../../src/cli/doctor/examine.ts';
import { type Finding, findingSchema, formatFindings } from '../../src/cli/doctor/finding.ts';
import { nodeFindings } from '../../src/cli/doctor/host.ts';
import { doctorCommand } from '../../src/cli/doctor.ts';
import { scratch } from '../config/scratch.ts';
import { runCommand } from './capture-io.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A TCP server on a free port. */
async function listen(
  server = createServer((socket) => socket.on('error', () => socket.destroy()).resume()),
): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  return (server.address() as { port: number }).port;
}

/** A port on which nothing listens. */
async function deadPort(): Promise<number> {
  const port = await listen();
  await closers.pop()!();
  return port;
}

/** An MQTT 3.1.1 broker that knows one account. */
async function broker(): Promise<number> {
  const aedes = await Aedes.createBroker({
    authenticate: (_client, username, password, done) =>
      done(null, username === 'porch' && password?.toString() === 'right'),
  });
  closers.push(() => new Promise((resolve) => aedes.close(resolve)));
  return listen(createServer(aedes.handle));
}

async function findingsOf(
  yaml: string | undefined,
  environment: Record<string, string> = {},
): Promise<Finding[]> {
  const folder = scratch({
    'm.onnx': 'x',
    'pw.txt': 'right\n',
    ...(yaml === undefined ? {} : { 'c.yaml': yaml }),
  });
  const found = await examine({
    configFile: yaml === undefined ? undefined : join(folder, 'c.yaml'),
    environment: { PATH: '', ...environment },
    clock: new SystemClock(),
    nodeVersion: 'v20.20.0',
    // Whether a model runs is the matter of the tests of infer/.
    probeInference: async () => [{ id: 'inference', status: 'ok', summary: 'not asked here' }],
  });
  return found.map((finding) => JSON.parse(JSON.stringify(finding).replaceAll(`${folder}/`, '')) as Finding);
}

async function findingOf(id: string, yaml: string): Promise<Finding | undefined> {
  return (await findingsOf(yaml)).find((finding) => finding.id === id);
}

const camera = (source: string) =>
  `models: { default: { file: m.onnx } }\ncameras: { front: { source: "${source}" } }\nstorage: { path: . }`;

describe('a device on which nothing is installed', () => {
  test('every tool is named with what to do', async () => {
    const found = await findingsOf(camera('rtsp://127.0.0.1:1/s'));
    const of = (id: string) => found.find((finding) => finding.id === id);
    expect(of('ffmpeg')).toEqual({
      id: 'ffmpeg',
      status: 'fail',
      summary: 'ffmpeg is not installed',
      remedy: 'apt-get install ffmpeg',
    });
    expect(of('gstreamer')).toMatchObject({ status: 'skip' });
    expect(of('setpriv')).toMatchObject({ status: 'warn', remedy: 'apt-get install util-linux' });
    expect(of('clock')).toMatchObject({ status: 'skip' });
    expect(of('machine')).toMatchObject({ status: 'ok' });
  });

  test('GStreamer is a failure where a camera needs it, and ffmpeg is not', async () => {
    const found = await findingsOf(camera('csi://0'));
    expect(found.find(({ id }) => id === 'gstreamer')).toMatchObject({
      status: 'fail',
      summary: 'gst-launch-1.0 is not installed',
    });
    expect(found.find(({ id }) => id === 'ffmpeg')?.status).toBe('warn');
  });

  test('everything that fails says what to do', async () => {
    const found = await findingsOf(`${camera('rtsp://127.0.0.1:1/s')}\nmqtt: { url: "mqtt://127.0.0.1:1" }`);
    const failures = found.filter(({ status }) => status === 'fail');
    expect(failures.map(({ id }) => id).sort()).toEqual(['broker', 'camera:front', 'ffmpeg']);
    expect(failures.filter(({ remedy }) => remedy === undefined || remedy === '')).toEqual([]);
  });
});

describe('a probe that itself fails', () => {
  test.each([
    ['throws', () => Promise.reject(new Error('rtsp://u:s3cret@h/ broke'))],
    [
      'throws before it begins',
      () => {
        throw new Error('rtsp://u:s3cret@h/ broke');
      },
    ],
  ])('one that %s is a finding without its secrets, and the others go on', async (_, probeInference) => {
    const found = await examine({
      configFile: undefined,
      environment: { PATH: '' },
      clock: new SystemClock(),
      nodeVersion: 'v20.20.0',
      probeInference,
    });
    expect(found.find(({ id }) => id === 'inference')).toEqual({
      id: 'inference',
      status: 'fail',
      summary: 'rtsp://u:***@h/ broke',
      remedy: 'run again; if it stays, report it with this line',
    });
    expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining(['node', 'disk', 'memory']));
  });
});

describe('configuration', () => {
  test('none named', async () => {
    const found = await findingsOf(undefined);
    expect(found[0]).toMatchObject({ id: 'config', status: 'skip' });
    expect(found.map(({ id }) => id)).not.toContain('broker');
  });

  test('one with issues: all of them, and the rest is examined without it', async () => {
    const found = await findingsOf('devcie: {}\nlog: { level: wran }\n');
    expect(found[0]).toEqual({
      id: 'config',
      status: 'fail',
      summary: '2 things are wrong with c.yaml',
      detail:
        'c.yaml:1:1: devcie: unknown key "devcie" (did you mean "device"?)\n' +
        'c.yaml:2:15: log.level: expected one of debug, info, warn, error, silent (did you mean "warn"?)',
      remedy: 'put them right; cameras, models and broker are examined then',
    });
    expect(found.map(({ id }) => id)).toContain('node');
  });
});

describe('cameras', () => {
  test('one that answers', async () => {
    const port = await listen();
    expect(await findingOf('camera:front', camera(`rtsp://u:s3cret@127.0.0.1:${port}/s`))).toEqual({
      id: 'camera:front',
      status: 'ok',
      summary: `127.0.0.1:${port} answers`,
    });
  });

  test('one that refuses', async () => {
    const port = await deadPort();
    expect(await findingOf('camera:front', camera(`rtsp://u:s3cret@127.0.0.1:${port}/s`))).toEqual({
      id: 'camera:front',
      status: 'fail',
      summary: `127.0.0.1:${port}: nothing listens there`,
      remedy: 'check the port, and that the service runs',
    });
  });

  test('a host that does not resolve', async () => {
    const found = await findingOf('camera:front', camera('rtsp://camera.invalid/s'));
    expect(found).toMatchObject({ status: 'fail' });
    // ENOTFOUND where a DNS server answers, EAI_AGAIN where none does.
    expect(found?.summary).toMatch(/^camera\.invalid:554: the name does not resolve/);
  });

  test('a device that is not plugged in', async () => {
    expect(await findingOf('camera:front', camera('v4l2:/dev/video-none'))).toEqual({
      id: 'camera:front',
      status: 'fail',
      summary: 'there is no /dev/video-none',
      remedy: 'plug the camera in; "ls /dev/video*" lists what is there',
    });
  });
});

describe('broker', () => {
  const config = (port: number, more: string) =>
    `mqtt: { url: "mqtt://127.0.0.1:${port}", ${more} }\nstorage: { path: . }`;

  test('one that accepts the device', async () => {
    const port = await broker();
    const yaml = config(port, 'protocolVersion: 4, username: porch, passwordFile: pw.txt');
    expect(await findingOf('broker', yaml)).toEqual({
      id: 'broker',
      status: 'ok',
      summary: `mqtt://127.0.0.1:${port} accepts this device`,
    });
  });

  test('a wrong password', async () => {
    const port = await broker();
    const yaml = config(port, 'protocolVersion: 4, username: porch, password: wrong');
    expect(await findingOf('broker', yaml)).toEqual({
      id: 'broker',
      status: 'fail',
      summary: `mqtt://127.0.0.1:${port} refuses the username or the password`,
      remedy: 'check mqtt.username and mqtt.passwordFile against the accounts of the broker',
    });
  });

  test('nothing listens', async () => {
    const port = await deadPort();
    expect(await findingOf('broker', config(port, ''))).toEqual({
      id: 'broker',
      status: 'fail',
      summary: `mqtt://127.0.0.1:${port}: nothing listens there`,
      remedy: 'check the port, and that the service runs',
    });
  });

  test('a host that does not resolve', async () => {
    const found = await findingOf('broker', 'mqtt: { url: "mqtt://broker.invalid" }');
    expect(found?.summary).toMatch(/^mqtt:\/\/broker\.invalid: the name does not resolve/);
  });
});

describe('host', () => {
  test.each([
    ['the oldest that is supported', 'v20.19.0', 'ok'],
    ['a newer one', 'v24.1.0', 'ok'],
    ['one minor version too old', 'v20.18.3', 'fail'],
    ['one major version too old', 'v18.20.0', 'fail'],
  ])('Node: %s', (_, version, status) => {
    expect(nodeFindings(version)[0]?.status).toBe(status);
  });

  test('a storage folder that does not exist yet is measured where it would be made', async () => {
    const found = await findingOf('disk', 'storage: { path: a/b/c }');
    expect(found?.summary).toMatch(/^\d+ MiB free at \S+/);
  });
});

describe('ocellus doctor', () => {
  test('--json prints findings alone, and the status says whether one failed', async () => {
    const file = join(scratch({ 'c.yaml': 'devcie: {}\n' }), 'c.yaml');
    const { stdout, status } = await runCommand(doctorCommand, ['--json', '-c', file]);
    const found = JSON.parse(stdout) as Finding[];
    expect(z.array(findingSchema).parse(found)).toEqual(found);
    expect(found.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['config', 'node', 'ffmpeg', 'disk', 'clock']),
    );
    expect(status).toBe(1);
  });

  test('the table for people has what to do below what failed', () => {
    const findings: Finding[] = [
      { id: 'node', status: 'ok', summary: 'v20.20.0' },
      { id: 'broker', status: 'fail', summary: 'nothing listens there', detail: 'a\nb', remedy: 'start it' },
    ];
    expect(formatFindings(findings)).toBe(
      [
        'ok    node    v20.20.0',
        'fail  broker  nothing listens there',
        '              a',
        '              b',
        '              -> start it',
        '',
      ].join('\n'),
    );
  });
});
