import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkCommand } from '../../src/cli/check.ts';
import { scratch } from '../config/scratch.ts';
import { root } from '../house/project.ts';
import { runCommand } from './capture-io.ts';

describe('ocellus check', () => {
  test('a sound configuration: a summary and status 0', async () => {
    const file = join(
      scratch({
        'm.onnx': 'x',
        'c.yaml': `models: { default: { file: m.onnx } }
cameras: { a: { source: "sim://x" }, b: { source: "sim://y" } }
mqtt: { url: "mqtt://127.0.0.1" }`,
      }),
      'c.yaml',
    );
    expect(await runCommand(checkCommand, ['-c', file])).toEqual({
      stdout: `${file}: sound: 2 cameras, 1 model, events go to the MQTT broker\n`,
      stderr: '',
      status: 0,
    });
  });

  test('the shipped configuration is sound and says that it watches nothing yet', async () => {
    const file = join(root, 'config/ocellus.yaml');
    expect((await runCommand(checkCommand, ['-c', file])).stdout).toBe(
      `${file}: sound: 0 cameras, 0 models, events go to the log only; nothing to watch until a camera is added\n`,
    );
  });

  test('every issue on its line, on stdout, and status 78', async () => {
    const file = join(scratch({ 'c.yaml': 'devcie: {}\nlog: { level: wran }\n' }), 'c.yaml');
    expect(await runCommand(checkCommand, ['-c', file])).toEqual({
      stdout:
        `${file}:1:1: devcie: unknown key "devcie" (did you mean "device"?)\n` +
        `${file}:2:15: log.level: expected one of debug, info, warn, error, silent (did you mean "warn"?)\n`,
      stderr: '',
      status: 78,
    });
  });

  test('a missing file is an error that says what to try', async () => {
    await expect(runCommand(checkCommand, ['-c', '/nonexistent/c.yaml'])).rejects.toMatchObject({
      code: 'config_unreadable',
      message: 'there is no file /nonexistent/c.yaml',
    });
  });
});
