import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decoderFindings } from '../../src/cli/doctor/decoders.ts';
import { permissionFindings } from '../../src/cli/doctor/permissions.ts';
import { loadConfig } from '../../src/config/load.ts';
import { scratch } from '../config/scratch.ts';

/** What is found of secrets with these modes, by file. */
async function secrets(yaml: string, mode: number): Promise<string[]> {
  const folder = scratch({ 'c.yaml': yaml, 'mqtt.pw': 'secret\n' });
  for (const file of ['c.yaml', 'mqtt.pw']) chmodSync(join(folder, file), mode);
  const found = await permissionFindings(loadConfig(join(folder, 'c.yaml'), { PW: 'x' }));
  return found.filter(({ id }) => id === 'secrets').map(({ remedy }) => remedy!.replace(`${folder}/`, ''));
}

const mqtt = (rest: string) =>
  `storage: { path: . }\nmqtt: { url: "mqtt://127.0.0.1:1", username: u, ${rest} }\n`;

test.each([
  ['a password file that all may read', mqtt('passwordFile: mqtt.pw'), 0o644, ['chmod o-rwx mqtt.pw']],
  ['one that the group may read', mqtt('passwordFile: mqtt.pw'), 0o640, []],
  [
    'a password written into a file that all may read',
    mqtt('password: plain'),
    0o644,
    ['chmod o-rwx c.yaml'],
  ],
  [
    'the same on a line of its own',
    'storage: { path: . }\nmqtt:\n  url: mqtt://127.0.0.1:1\n  username: u\n  password: plain\n',
    0o644,
    ['chmod o-rwx c.yaml'],
  ],
  ['one that comes from the environment', mqtt(`password: "\${env:PW}"`), 0o644, []],
])('%s', async (_, yaml, mode, remedies) => expect(await secrets(yaml, mode)).toEqual(remedies));

/** A `PATH` with these shell scripts, before the system's. */
function programs(scripts: Readonly<Record<string, string>>): { PATH: string } {
  const folder = scratch(
    Object.fromEntries(Object.entries(scripts).map(([name, body]) => [name, `#!/bin/sh\n${body}\n`])),
  );
  for (const name of Object.keys(scripts)) chmodSync(join(folder, name), 0o755);
  return { PATH: folder };
}

test('a decoder that is built in and does not work: a failure only where a camera asks for it', async () => {
  const ffmpeg = 'case "$*" in *hwaccel*) echo "Device creation failed: -1." >&2; exit 1;; esac';
  const environment = programs({ ffmpeg });
  const [asked] = await decoderFindings('ffmpeg', ['cuda'], ['cuda'], environment);
  expect(asked).toMatchObject({ id: 'decoder:cuda', status: 'fail', detail: 'Device creation failed: -1.' });
  expect(asked?.remedy).toContain('capture.hwaccel: none');
  const [unasked] = await decoderFindings('ffmpeg', ['cuda'], ['none'], environment);
  expect(unasked).toMatchObject({ status: 'skip' });
});

test('a decoder that gives up and lets software go on is not taken for one that works', async () => {
  const silent = 'case "$*" in *hwaccel*) echo "hwaccel initialisation returned error." >&2;; esac';
  const [fellBack] = await decoderFindings('ffmpeg', ['vaapi'], ['vaapi'], programs({ ffmpeg: silent }));
  expect(fellBack?.status).toBe('fail');
  const [works] = await decoderFindings('ffmpeg', ['vaapi'], ['vaapi'], programs({ ffmpeg: 'exit 0' }));
  expect(works?.status).toBe('ok');
});

test('a hardware decoder of GStreamer is tried too', async () => {
  const environment = programs({
    ffmpeg: 'exit 0',
    'gst-inspect-1.0': '[ "$2" = nvv4l2decoder ]',
    'gst-launch-1.0': 'exit 0',
  });
  expect(await decoderFindings('ffmpeg', [], [], environment)).toEqual([
    { id: 'decoder:nvv4l2decoder', status: 'ok', summary: 'GStreamer decodes 10 pictures with it' },
  ]);
});

test('without any there is nothing to try', async () => {
  const [none] = await decoderFindings('ffmpeg', [], [], programs({}));
  expect(none).toMatchObject({ id: 'decoders', status: 'skip' });
});
