// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of the configuration
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OcellusError } from '../../src/base/errors.ts';
import { objectSchema } from '../../src/config/camera-schema.ts';
import { fileProblem } from '../../src/config/interpolate.ts';
import { loadConfig } from '../../src/config/load.ts';
import { configSchema } from '../../src/config/schema.ts';
import { scratch } from './scratch.ts';

const MODEL = 'models: { default: { file: m.onnx } }\n';

function load(yaml: string, environment: Record<string, string> = {}, files: Record<string, string> = {}) {
  const folder = scratch({ 'c.yaml': yaml, 'm.onnx': 'x', ...files });
  return { ...loadConfig(join(folder, 'c.yaml'), environment), folder };
}

function thrownBy(act: () => unknown): OcellusError {
  try {
    act();
  } catch (error) {
    if (error instanceof OcellusError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a credential of systemd', () => {
  const yaml = 'mqtt: { url: "mqtt://h", username: u, password: "${credential:mqtt-password}" }';
  const { folder: credentials } = load('', {}, { 'mqtt-password': 's3cret\n' });

  test('is read from the folder that systemd names', () => {
    const { config, secrets } = load(yaml, { CREDENTIALS_DIRECTORY: credentials });
    expect(secrets.mqttPassword).toBe('s3cret');
    expect(JSON.stringify(config)).not.toContain('s3cret');
  });

  test.each([
    ['systemd names no folder', yaml, {}, 'CREDENTIALS_DIRECTORY is not set'],
    [
      'the unit does not load it',
      yaml.replace('mqtt-', 'other-'),
      { CREDENTIALS_DIRECTORY: credentials },
      'there is no file',
    ],
  ])('%s: said with its place and what to do', (_, text, environment, message) => {
    const [issue, ...more] = thrownBy(() => load(text, environment)).issues;
    expect(more).toEqual([]);
    expect(issue).toMatchObject({ line: 1, column: 49, path: 'mqtt.password' });
    expect(issue!.message).toContain('there is no credential');
    expect(issue!.message).toContain(message);
    expect(issue!.hint).toContain('LoadCredential=');
  });

  test('does not lead out of that folder', () => {
    const { issues } = thrownBy(() => load(yaml.replace('mqtt-password', '../../etc/passwd')));
    expect(issues[0]!.message).toContain('unknown reference');
  });
});

describe('defaults and paths', () => {
  test.each([
    ['an empty file', ''],
    ['comments alone', '# nothing yet\n'],
    ['sections whose entries are all commented out', 'cameras:\n  # front:\nmodels:\n'],
  ])('%s is the defaults', (_, yaml) => {
    expect(load(yaml).config).toEqual(configSchema.parse({}));
  });

  test('a label with nothing after it is reported with its defaults', () => {
    const { config } = load(`${MODEL}cameras: { front: { source: "sim://x", objects: { person: , car: } } }`);
    expect(config.cameras.front?.objects).toEqual({
      person: objectSchema.parse({}),
      car: objectSchema.parse({}),
    });
  });

  test('relative paths start at the folder of the file', () => {
    const { config, baseDir, folder } = load(
      `${MODEL}cameras: { a: { source: "file:clips/a.mp4?loop=1" } }\nstorage: { path: state }`,
      {},
      { 'clips/a.mp4': 'x' },
    );
    expect(baseDir).toBe(folder);
    expect(config.models.default?.file).toBe(join(folder, 'm.onnx'));
    expect(config.cameras.a?.source).toBe(`file:${folder}/clips/a.mp4?loop=1`);
    expect(config.storage.path).toBe(join(folder, 'state'));
  });

  test('anchors and aliases are resolved', () => {
    const { config } = load(`${MODEL}cameras:
  a: { source: "sim://a", detect: &slow { fps: 1 } }
  b: { source: "sim://b", detect: *slow }`);
    expect(config.cameras.b?.detect.fps).toBe(1);
  });
});

describe('secrets', () => {
  test('a password file gives the password, without its newline, and the configuration does not hold it', () => {
    const { config, secrets } = load(
      'mqtt: { url: "mqtt://h", username: u, passwordFile: pw }',
      {},
      { pw: 's3cret \n' },
    );
    expect(secrets.mqttPassword).toBe('s3cret ');
    expect(JSON.stringify(config)).not.toContain('s3cret');
  });

  test('a stated password moves out of the configuration', () => {
    const { config, secrets } = load('mqtt: { url: "mqtt://h", username: u, password: "${env:PW}" }', {
      PW: 's3cret',
    });
    expect(secrets.mqttPassword).toBe('s3cret');
    expect(config.mqtt).not.toHaveProperty('password');
  });

  test.each([
    ['the password of a URL is percent-encoded', 'rtsp://u:${env:PW}@h/s', 'rtsp://u:p%40s%2Fs@h/s'],
    ['elsewhere the value is kept', 'rtsp://h/s?pw=${env:PW}', 'rtsp://h/s?pw=p@s/s'],
    ['a host is no password', 'rtsp://${env:HOST}/s', 'rtsp://192.0.2.1:554/s'],
    ['a whole URL may come from the environment', '${env:URL}', 'rtsp://u:p@h/s'],
    ['a file may hold it', 'rtsp://u:${file:pw}@h/s', 'rtsp://u:from%20file@h/s'],
    ['a doubled dollar escapes', 'rtsp://h/$${env:PW}', 'rtsp://h/${env:PW}'],
  ])('%s', (_, source, expected) => {
    const environment = { PW: 'p@s/s', HOST: '192.0.2.1:554', URL: 'rtsp://u:p@h/s' };
    const { config } = load(`${MODEL}cameras: { a: { source: '${source}' } }`, environment, {
      pw: 'from file\n',
    });
    expect(config.cameras.a?.source).toBe(expected);
  });

  test('no message repeats a secret', () => {
    const yaml = `mqtt:
  url: mqtt://u:hunter2@h:99999
  username: 1234
  password: { hunter2: hunter2 }
  pasword: hunter2
cameras:
  a: { source: "rtps://u:hunter2@h/x", capture: "hunter2", detect: { fps: hunter2 } }
  b: { source: "rtsp://u:hunter2@h:99999/x", model: "\${env:M}" }
log: { level: hunter2 }
`;
    const message = thrownBy(() => load(yaml, { M: 'hunter2' })).message;
    expect(message.split('\n').length).toBeGreaterThanOrEqual(8);
    expect(message).not.toContain('hunter2');
  });
});

describe('unreadable files', () => {
  test('a missing file', () => {
    const error = thrownBy(() => loadConfig('/nonexistent/c.yaml', {}));
    expect([error.code, error.message, error.hint]).toEqual([
      'config_unreadable',
      'there is no file /nonexistent/c.yaml',
      'name the file with -c FILE, or start from config/ocellus.yaml',
    ]);
  });

  test('a folder', () => {
    const folder = scratch({});
    expect(thrownBy(() => loadConfig(folder, {})).message).toBe(`${folder} is a folder`);
  });

  test('a file that is no configuration', () => {
    const folder = scratch({ 'c.yaml': new Uint8Array(1_100_000) });
    expect(thrownBy(() => loadConfig(join(folder, 'c.yaml'), {})).message).toContain('is larger than 1 MiB');
  });

  test('a file that may not be read', () => {
    // Root reads everything, so the error is made by hand.
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    expect(fileProblem('/etc/ocellus/c.yaml', denied)).toEqual({
      message: '/etc/ocellus/c.yaml may not be read',
      hint: 'let the user that runs ocellus read it',
    });
  });
});
