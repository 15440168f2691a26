import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Mosquitto } from '../fixtures/mosquitto.ts';
import { Program, runProgram } from '../fixtures/program.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import { onnxModel } from '../fixtures/tiny-onnx.ts';
import { waitUntil } from '../fixtures/wait-until.ts';

const DEMO_MODEL = fileURLToPath(new URL('../../models/demo-scene.onnx', import.meta.url));

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-bad-input-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function configFile(text: string): Promise<string> {
  const file = join(await scratch(), 'ocellus.yaml');
  writeFileSync(file, text);
  return file;
}

const withModel = (cameras: string) => `models: { default: { file: '${DEMO_MODEL}' } }\ncameras:\n${cameras}`;

describe('a configuration that is wrong: exit status 78, the place, what is wrong and what to try', () => {
  it.each([
    [
      'an unknown key',
      '  front: { source: "sim://scene", detct: { fps: 5 } }',
      /:3:35: cameras\.front\.detct: unknown key .*did you mean "detect"/,
    ],
    [
      'a wrong type',
      '  front: { source: "sim://scene", detect: { fps: fast } }',
      /:3:50: cameras\.front\.detect\.fps: .*number/,
    ],
    [
      'a camera twice',
      '  front: { source: "sim://scene" }\n  front: { source: "sim://scene" }',
      /:4:3: cameras\.front: .*(twice|line 3)/,
    ],
    [
      'a polygon outside',
      '  front: { source: "sim://scene", zones: { a: { polygon: [[0,0],[1.2,0],[1,1]] } } }',
      /:3:\d+: cameras\.front\.zones\.a\.polygon\[1\]\[0\]: a coordinate must be at most 1 \(.*divide pixels/,
    ],
    [
      'a missing file',
      '  front: { source: "file:nowhere.mp4" }',
      /:3:\d+: cameras\.front\.source: there is no file .*nowhere\.mp4/,
    ],
    [
      'no known kind of source',
      '  front: { source: "rstp://192.0.2.1/a" }',
      /:3:\d+: cameras\.front\.source: unknown scheme "rstp" \(did you mean "rtsp"/,
    ],
    [
      'a variable that is not set',
      '  front: { source: "rtsp://u:${env:NOT_SET_ANYWHERE}@192.0.2.1/a" }',
      /:3:\d+: cameras\.front\.source: .*NOT_SET_ANYWHERE/,
    ],
  ])('%s', async (_, cameras, message) => {
    const file = await configFile(withModel(cameras));
    const check = await runProgram(['check', '-c', file]);
    expect(check.status).toBe(78);
    expect(check.stdout).toMatch(message);
    const run = await runProgram(['run', '-c', file]);
    expect(run.status).toBe(78);
    expect(run.stderr).toMatch(message);
  });

  it('a configuration that is not there', async () => {
    const run = await runProgram(['run', '-c', '/nowhere/ocellus.yaml']);
    expect(run.status).toBe(78);
    expect(run.stderr).toMatch(/\/nowhere\/ocellus\.yaml .*name the file with -c FILE/);
  });
});

describe('a model that cannot serve', () => {
  const refusal = async (model: string) => {
    const file = await configFile(
      `models: { default: { file: '${model}' } }\ncameras: { a: { source: 'sim://scene' } }\n`,
    );
    const run = await runProgram(['run', '-c', file]);
    expect(run.status).toBe(78);
    return run.stderr;
  };

  it('is not ONNX', async () => {
    const file = join(await scratch(), 'text.onnx');
    writeFileSync(file, 'this is not a model');
    expect(await refusal(file)).toMatch(/models\.default: .*text\.onnx.* not an ONNX model.*\(.+\)/);
  });

  it('is truncated', async () => {
    const file = join(await scratch(), 'cut.onnx');
    writeFileSync(file, readFileSync(DEMO_MODEL).subarray(0, 300_000));
    expect(await refusal(file)).toMatch(/models\.default: .*cut\.onnx.*(truncated|ends).*\(.+\)/);
  });

  it('segments', async () => {
    const file = join(await scratch(), 'segmentation.onnx');
    const output = (name: string, dims: number[]) => ({ name, type: 'float32' as const, dims });
    const outputs = [output('output0', [1, 116, 84]), output('output1', [1, 32, 16, 16])];
    writeFileSync(
      file,
      onnxModel({
        nodes: outputs.map(({ name }) => ({ op: 'Identity', inputs: [`${name}_value`], outputs: [name] })),
        inputs: [{ name: 'images', type: 'float32', dims: [1, 3, 64, 64] }],
        outputs,
        constants: outputs.map(({ name, dims }) => ({
          name: `${name}_value`,
          type: 'float32' as const,
          dims,
          values: Array(dims.reduce((product, dim) => product * dim)).fill(0),
        })),
      }),
    );
    expect(await refusal(file)).toMatch(
      /segmentation\.onnx.*segment.*\[1, 116, 84\]|\[1, 116, 84\].*segment/s,
    );
  });
});

describeWithTestData('a model of the test data that cannot serve', () => {
  it.each([
    [
      ['broken', 'osnet_missing_external_data.onnx'],
      /keeps its weights in "osnet_x0_25_msmt17\.onnx\.data".*\(put .* beside the model/,
      'its weights are elsewhere',
    ],
    [['other', 'osnet_x0_25_msmt17.onnx'], /\[.*512\].*|re-identification|embedding/, 'it re-identifies'],
    [['other', 'ultraface_rfb_320.onnx'], /\[1, 4420, 2\]/, 'it finds faces, in a form of its own'],
  ])('%j', async (path, message) => {
    const file = testData('models', ...path);
    expect(existsSync(file)).toBe(true);
    const config = await configFile(
      `models: { default: { file: '${file}' } }\ncameras: { a: { source: 'sim://scene' } }\n`,
    );
    const run = await runProgram(['run', '-c', config]);
    expect(run.status).toBe(78);
    expect(run.stderr).toMatch(/models\.default: /);
    expect(run.stderr).toMatch(message);
  });
});

describe('what answers wrongly or not at all: the daemon goes on and says what to try', () => {
  it('a broker that refuses the password', async () => {
    const broker = await Mosquitto.start({ login: { username: 'u', password: 'right' } });
    undo.push(() => broker.stop());
    const file = await configFile(
      `storage: { path: store }\nmqtt: { url: '${broker.url}', username: u, password: wrong-secret }\n${withModel('  a: { source: "sim://scene" }\n')}`,
    );
    const daemon = new Program(['run', '-c', file]);
    undo.push(() => daemon.stop());
    await waitUntil(() => /refused the user name or password/.test(daemon.stderr), 'the refusal');
    expect(daemon.stderr).toMatch(/check mqtt\.username and mqtt\.password/);
    expect(daemon.stderr).not.toContain('wrong-secret');
    expect(await daemon.stop()).toEqual({ status: 143, signal: null });
  });

  it('hosts that do not resolve', async () => {
    const file = await configFile(
      `storage: { path: store }\nmqtt: { url: 'mqtt://broker.invalid' }\n${withModel('  a: { source: "rtsp://u:secret-pw@camera.invalid/a" }\n')}`,
    );
    const daemon = new Program(['run', '-c', file]);
    undo.push(() => daemon.stop());
    await waitUntil(() => /broker\.invalid/.test(daemon.stderr), 'the broker', 20_000);
    await waitUntil(() => /"cause":"unreachable"/.test(daemon.stderr), 'the camera', 20_000);
    const camera = daemon.log.find((line) => line.cause === 'unreachable');
    expect(camera).toMatchObject({
      state: 'reconnecting',
      reason: expect.any(String),
      hint: expect.any(String),
    });
    expect(daemon.stderr).not.toContain('secret-pw');
    expect(await daemon.stop()).toEqual({ status: 143, signal: null });
  });
});
