import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import { writeBundle } from '../../src/cli/doctor/bundle.ts';
import { examine } from '../../src/cli/doctor/examine.ts';
import { Scrubber } from '../../src/cli/doctor/scrubber.ts';
import { hashPassword } from '../../src/preview/auth/password-hash.ts';
import { scratch } from '../config/scratch.ts';

const SECRETS = {
  camera: 'C@m/Secret-9187',
  written: 'plainCamPw5521',
  query: 'queryTok7781',
  broker: 'brokerPw 4410!',
  file: 'filePw-6622-x',
  token: 'tok-0123456789abcdefghijklmnopqrstuv',
  user: 'webLogin-3341',
  header: 'hdrTok993311',
  ice: 'turnSecret8855',
  logged: 'loggedOnly2277',
} as const;

test('nothing secret leaves the device, wherever it stood', async () => {
  const hash = await hashPassword(SECRETS.user);
  const folder = scratch({
    'm.onnx': 'x',
    'mqtt.pw': `${SECRETS.broker}\n`,
    'token.txt': `${SECRETS.token}\n`,
    'source.txt': `${SECRETS.file}\n`,
    'user.hash': `${hash}\n`,
    'c.yaml': [
      'storage: { path: . }',
      'models: { default: { file: m.onnx } }',
      'mqtt: { url: "mqtt://127.0.0.1:1", username: porch, passwordFile: mqtt.pw }',
      'http:',
      '  listen: 127.0.0.1:0',
      '  users: { anna: { role: viewer, passwordFile: user.hash } }',
      '  tokens: { ha: { role: viewer, tokenFile: token.txt } }',
      `  webrtc: { iceServers: [{ urls: ["turn:turn.example:3478"], username: u, credential: ${SECRETS.ice} }] }`,
      'cameras:',
      '  env: { source: "rtsp://u:${env:CAM_PW}@127.0.0.1:1/a" }',
      `  written: { source: "rtsp://u:${SECRETS.written}@127.0.0.1:1/b?token=${SECRETS.query}" }`,
      '  file: { source: "rtsp://u:${file:source.txt}@127.0.0.1:1/c" }',
      `  header: { source: "http://127.0.0.1:1/d", capture: { inputArgs: ["-headers", "Authorization: Bearer ${SECRETS.header}"] } }`,
    ].join('\n'),
    'bin/journalctl': [
      '#!/bin/sh',
      `cat <<'LOG'`,
      `{"url":"rtsp://u:${encodeURIComponent(SECRETS.camera)}@10.0.0.5/a","msg":"open"}`,
      `password was ${SECRETS.broker} and ${SECRETS.camera} and ${SECRETS.file}`,
      `{"password":"${SECRETS.logged}"} Authorization: Basic ${Buffer.from(`u:${SECRETS.written}`).toString('base64')}`,
      `Authorization: Bearer ${SECRETS.token}`,
      `hash ${hash}`,
      '-----BEGIN PRIVATE KEY-----',
      'MIIEvKeyMaterial1234567890',
      '-----END PRIVATE KEY-----',
      'a line that helps',
      'LOG',
      '',
    ].join('\n'),
  });
  chmodSync(join(folder, 'bin/journalctl'), 0o755);
  const environment = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, CAM_PW: SECRETS.camera };
  const job = { configFile: join(folder, 'c.yaml'), environment, clock: new SystemClock() };
  const findings = await examine({
    ...job,
    nodeVersion: process.version,
    probeInference: async () => [
      { id: 'inference', status: 'fail', summary: `rtsp://u:${SECRETS.written}@h/ failed`, remedy: 'none' },
    ],
  });
  expect(findings.find(({ id }) => id === 'config')?.detail ?? '').toBe('');
  const file = join(folder, 'support.tar.gz');
  await writeBundle({ ...job, findings, file });

  expect(statSync(file).mode & 0o777).toBe(0o600);
  execFileSync('tar', ['-xzf', file, '-C', folder]);
  const names = readdirSync(join(folder, 'ocellus-support')).sort();
  expect(names).toEqual(
    [
      'README.txt',
      'config.yaml',
      'findings.json',
      'log.txt',
      'metrics.txt',
      'sensors.json',
      'state.json',
      'versions.json',
    ].sort(),
  );
  const everything = names
    .map((name) => readFileSync(join(folder, 'ocellus-support', name), 'utf8'))
    .join('\n');
  const forms = [...Object.values(SECRETS), hash, 'MIIEvKeyMaterial'].flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  ]);
  expect(forms.filter((form) => everything.includes(form))).toEqual([]);
  expect(everything).not.toContain(Buffer.from(`u:${SECRETS.written}`).toString('base64'));
  // What helps is still there.
  expect(everything).toContain('a line that helps');
  expect(everything).toContain('rtsp://u:***@127.0.0.1:1/a');
  expect(JSON.parse(readFileSync(join(folder, 'ocellus-support/findings.json'), 'utf8'))).toHaveLength(
    findings.length,
  );
}, 60_000);

test('a file that cannot be written says so', async () => {
  const job = {
    configFile: undefined,
    environment: { PATH: '/usr/bin:/bin' },
    clock: new SystemClock(),
    findings: [],
  };
  await expect(writeBundle({ ...job, file: '/no/such/folder/s.tar.gz' })).rejects.toMatchObject({
    code: 'io_failed',
  });
});

test.each([
  ['key = value of a log', 'token=abc123, next=1', 'token=***, next=1'],
  ['JSON', '{"password": "a b", "x": 1}', '{"password": "***", "x": 1}'],
  [
    'JSON within JSON',
    JSON.stringify({ line: '{"token":"abc"}' }),
    JSON.stringify({ line: '{"token":"***"}' }),
  ],
  ['ordinary text', 'a camera passed by', 'a camera passed by'],
])('the scrubber and %s', (_, text, scrubbed) => expect(new Scrubber([]).scrub(text)).toBe(scrubbed));
