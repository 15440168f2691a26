import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OcellusError } from '../../src/base/errors.ts';
import type { InferenceBackend, InferenceSession, SessionOptions, Tensor } from '../../src/infer/backend.ts';
import { createBackend } from '../../src/infer/backends.ts';
import { describeWithTestData, testData } from '../fixtures/test-data.ts';
import {
  addModel,
  castModel,
  type Graph,
  gatherModel,
  loopModel,
  nonZeroModel,
  writeOnnx,
} from '../fixtures/tiny-onnx.ts';

const yolox = testData('models', 'coco', 'yolox_nano_416.onnx');

/** A run of a second unless it is ended: long against the deadlines here, short enough to wait for. */
const SLOW_TRIPS = 300_000;

describe.each(['ort-c-api', 'onnxruntime-node'] as const)('%s keeps the contract of a backend', (name) => {
  let backend: InferenceBackend;
  const opened: InferenceSession[] = [];
  const files: string[] = [];

  beforeAll(async () => {
    backend = await createBackend({ backend: name });
  });

  afterEach(async () => {
    for (const session of opened.splice(0)) await session.close(20_000);
    for (const file of files.splice(0)) rmSync(dirname(file), { recursive: true });
  });

  function model(graph: Graph): string {
    const file = writeOnnx('tiny', graph);
    files.push(file);
    return file;
  }

  async function open(file: string, options: Partial<SessionOptions> = {}): Promise<InferenceSession> {
    const session = await backend.open({
      file,
      providers: ['cpu'],
      providerOptions: {},
      threads: 1,
      ...options,
    });
    opened.push(session);
    return session;
  }

  async function failure(promise: Promise<unknown>): Promise<OcellusError> {
    return promise.then(
      () => expect.fail('it should have failed'),
      (error: OcellusError) => error,
    );
  }

  it('names itself and the version of ONNX Runtime', () => {
    expect(backend.name).toBe(name);
    expect(backend.version).toMatch(/^1\.\d+\.\d+$/);
  });

  it('tells inputs, outputs, dynamic axes and the provider', async () => {
    const session = await open(model(addModel));
    expect(session.inputs).toEqual([{ name: 'x', type: 'float32', dims: [null, 4] }]);
    expect(session.outputs).toEqual([{ name: 'y', type: 'float32', dims: [null, 4] }]);
    expect(session.provider).toBe('cpu');
    expect(session.refused).toEqual([]);
  });

  it('computes from memory of others, for inputs of its length', async () => {
    const inputMemory = new Float32Array(4);
    const session = await open(model(addModel), { inputMemory });
    for (const length of [4, 8, 4]) {
      session.input(length).fill(10);
      const [output] = await session.run([length / 4, 4], 5_000);
      expect(Array.from(floats(output)).slice(0, 4)).toEqual([11, 12, 13, 14]);
    }
    if (name === 'ort-c-api') expect(session.input(4)).toBe(inputMemory);
  });

  it('feeds bytes to a model that takes bytes, and gives memory of floats no chance', async () => {
    const graph: Graph = {
      nodes: [{ op: 'Cast', inputs: ['x'], outputs: ['y'], attributes: { to: 1 } }],
      inputs: [{ name: 'x', type: 'uint8', dims: [1, 4] }],
      outputs: [{ name: 'y', type: 'float32', dims: [1, 4] }],
    };
    for (const inputMemory of [undefined, new Uint8Array(4), new Float32Array(4)]) {
      const session = await open(model(graph), { inputMemory });
      for (const first of [0, 255]) {
        const input = session.input(4);
        expect(input).toBeInstanceOf(Uint8Array);
        input.set([first, 1, 2, 254]);
        expect(Array.from(floats((await session.run([1, 4], 5_000))[0]))).toEqual([first, 1, 2, 254]);
      }
      if (name === 'ort-c-api' && inputMemory instanceof Uint8Array)
        expect(session.input(4)).toBe(inputMemory);
    }
  });

  it('computes, with one input buffer for every run of a shape', async () => {
    const session = await open(model(addModel));
    const input = session.input(4);
    input.set([0, 0, 0, 0]);
    expect(Array.from(floats((await session.run([1, 4], 5_000))[0]))).toEqual([1, 2, 3, 4]);
    input.set([10, 10, 10, 10]);
    const [output] = await session.run([1, 4], 5_000);
    expect(output!.dims).toEqual([1, 4]);
    expect(Array.from(floats(output))).toEqual([11, 12, 13, 14]);
    expect(session.input(4)).toBe(input);
  });

  it('follows a dynamic batch up and down', async () => {
    const session = await open(model(addModel));
    for (const rows of [1, 3, 2, 1]) {
      session.input(rows * 4).fill(rows);
      const [output] = await session.run([rows, 4], 5_000);
      expect(output!.dims).toEqual([rows, 4]);
      expect(Array.from(floats(output).slice(-4))).toEqual([rows + 1, rows + 2, rows + 3, rows + 4]);
    }
  });

  it('reads outputs of every type, again and again', async () => {
    const session = await open(model(castModel));
    for (const first of [3, 4, 5]) {
      session.input(4).set([first, 0.5, 7, 200]);
      const [half, byte, int, long] = await session.run([1, 4], 5_000);
      expect(half!.data).toEqual(Float32Array.of(first, 0.5, 7, 200));
      expect(byte!.data).toEqual(Uint8Array.of(first, 0, 7, 200));
      expect(int!.data).toEqual(Int32Array.of(first, 0, 7, 200));
      expect(long!.data).toEqual(BigInt64Array.of(BigInt(first), 0n, 7n, 200n));
    }
  });

  it('reads outputs whose shape depends on the values, empty ones included', async () => {
    const session = await open(model(nonZeroModel));
    session.input(4).set([0, 5, 0, 6]);
    expect((await session.run([1, 4], 5_000))[0]).toEqual({
      dims: [2, 2],
      data: BigInt64Array.of(0n, 0n, 1n, 3n),
    });
    session.input(4).fill(0);
    expect((await session.run([1, 4], 5_000))[0]).toEqual({ dims: [2, 0], data: new BigInt64Array(0) });
  });

  it('gives a model its fixed inputs in every run, wherever the picture is among them', async () => {
    const file = model({
      nodes: [
        { op: 'Cast', inputs: ['size'], outputs: ['floats'], attributes: { to: 1 } },
        { op: 'Mul', inputs: ['x', 'floats'], outputs: ['y'] },
      ],
      inputs: [
        { name: 'size', type: 'int64', dims: ['n', 2] },
        { name: 'x', type: 'float32', dims: [1, 2] },
      ],
      outputs: [{ name: 'y', type: 'float32', dims: ['n', 2] }],
    });
    const size = { name: 'size', type: 'int64', dims: [1, 2], values: [640, 480] } as const;
    const session = await open(file, { fixedInputs: [size] });
    expect(session.inputs.map((input) => input.name)).toEqual(['x', 'size']);
    for (const first of [1, 2]) {
      session.input(2).set([first, 3]);
      expect(Array.from(floats((await session.run([1, 2], 5_000))[0]))).toEqual([640 * first, 1440]);
    }
    const other = { fixedInputs: [{ ...size, dims: [2] }] };
    expect(await failure(open(file, other))).toMatchObject({ code: 'model_unsupported' });
    expect(await failure(open(file))).toMatchObject({ code: 'model_unsupported' });
  });

  it('refuses an input that does not fit its shape', async () => {
    const session = await open(model(addModel));
    session.input(4);
    expect(await failure(session.run([2, 4], 5_000))).toMatchObject({
      code: 'inference_failed',
      message: 'inference failed: shape [2, 4] needs 8 values, and input() gave 4',
    });
  });

  it('reports a run that throws, and goes on', async () => {
    const session = await open(model(gatherModel));
    session.input(1).fill(77);
    const error = await failure(session.run([1], 5_000));
    expect(error.code).toBe('inference_failed');
    expect(error.message).toMatch(/^inference failed: .*indices element out of data bounds, idx=77/);
    expect(error.hint).toContain('the model and its input do not fit');
    session.input(1).fill(2);
    expect(Array.from(floats((await session.run([1], 5_000))[0]))).toEqual([30]);
  });

  it('reports a run that takes too long, refuses another and closes', async () => {
    const session = await open(model(loopModel(SLOW_TRIPS)));
    session.input(1).fill(0);
    const error = await failure(session.run([1], 20));
    expect(error.code).toBe('inference_timeout');
    expect(error.message).toMatch(/^inference took longer than 20 ms; it (was ended|goes on, since)/);
    expect(error.hint).toContain('runTimeoutMs');
    expect(await failure(session.run([1], 20))).toMatchObject({ message: 'the inference session is closed' });
    await session.close(20_000);
  });

  it('closes while it runs: the run is settled, later runs are refused, a second close is the first', async () => {
    const session = await open(model(loopModel(SLOW_TRIPS)));
    session.input(1).fill(0);
    const run = failure(session.run([1], 60_000));
    const closing = session.close(20_000);
    expect(session.close(1)).toBe(closing);
    expect(await run).toMatchObject({ code: 'inference_failed', message: 'the inference session is closed' });
    await closing;
    expect(await failure(session.run([1], 20))).toMatchObject({
      code: 'inference_failed',
      hint: 'open the model again',
    });
  });

  it('runs one at a time', async () => {
    const session = await open(model(loopModel(10_000)));
    session.input(1).fill(0);
    const first = session.run([1], 10_000);
    expect((await failure(session.run([1], 10_000))).message).toBe(
      'inference failed: a run is in progress, and a session runs one at a time',
    );
    expect(Array.from(floats((await first)[0]))).toEqual([10_000]);
  });

  it('keeps concurrent sessions apart', async () => {
    const file = model(addModel);
    const sessions = await Promise.all([0, 1, 2].map(() => open(file)));
    for (let round = 0; round < 20; round++) {
      const outputs = await Promise.all(
        sessions.map((session, i) => {
          session.input(4).fill(100 * i + round);
          return session.run([1, 4], 5_000);
        }),
      );
      expect(outputs.map(([output]) => output!.data[0])).toEqual([0, 1, 2].map((i) => 100 * i + round + 1));
    }
  });

  it('leaves the event loop free while it runs', async () => {
    const session = await open(model(loopModel(100_000)));
    session.input(1).fill(0);
    let turns = 0;
    const turn = setInterval(() => turns++, 1);
    try {
      await session.run([1], 20_000);
    } finally {
      clearInterval(turn);
    }
    expect(turns).toBeGreaterThan(3);
  });

  it('passes over a provider that is not to be had, and says why', async () => {
    const session = await open(model(addModel), { providers: ['tensorrt', 'cuda', 'cpu'] });
    expect(session.provider).toBe('cpu');
    expect(session.refused.map(({ provider }) => provider)).toEqual(['tensorrt', 'cuda']);
    for (const { reason } of session.refused) {
      expect(reason).toMatch(
        /Failed to load (library .*libonnxruntime_providers|shared library)|was built without/,
      );
      expect(reason).not.toContain('onnxruntime_src');
    }
  });

  it('never uses the CPU unasked', async () => {
    const error = await failure(open(model(addModel), { providers: ['cuda'] }));
    expect(error.code).toBe('provider_unavailable');
    expect(error.message).toMatch(/^no configured provider can run the model: cuda: /);
    expect(error.hint).toContain('add cpu to providers');
  });

  it('passes session configuration entries to the CPU', async () => {
    const file = model(addModel);
    const error = await failure(
      open(file, {
        providerOptions: { cpu: { 'session.intra_op_thread_affinities': 'nonsense' } },
        threads: 2,
      }),
    );
    expect(error.code).toBe('model_invalid');
    expect(error.message).toContain('Processor id must consist of only digits: nonsense');
  });

  const good = onnxBytes();
  it.each([
    ['no file', null, 'model_unreadable', /^cannot read model .*: no such file$/],
    ['empty', Buffer.alloc(0), 'model_invalid', /: it is not an ONNX model, or was cut off$/],
    ['text', Buffer.from('hello, world\n'), 'model_invalid', /: it is not an ONNX model, or was cut off$/],
    ['cut off', good.subarray(0, 60), 'model_invalid', /: it is not an ONNX model, or was cut off$/],
  ] as const)('refuses a model file that is bad: %s', async (_why, bytes, code, message) => {
    const file = model(addModel);
    if (bytes === null) rmSync(file);
    else writeFileSync(file, bytes);
    const error = await failure(open(file));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(file);
    expect(error.hint).toBeDefined();
  });

  it('refuses a directory', async () => {
    expect(await failure(open(testDirectory()))).toMatchObject({
      code: 'model_unreadable',
      message: `cannot read model ${testDirectory()}: not a file`,
      hint: 'name the .onnx file itself',
    });
  });

  it('refuses a model with another kind of input', async () => {
    const file = model({
      nodes: [{ op: 'Add', inputs: ['x', 'z'], outputs: ['y'] }],
      inputs: [
        { name: 'x', type: 'int64', dims: [1] },
        { name: 'z', type: 'int64', dims: ['n'] },
      ],
      outputs: [{ name: 'y', type: 'int64', dims: ['n'] }],
    });
    expect(await failure(open(file))).toMatchObject({
      code: 'model_unsupported',
      message: `model ${file} has the inputs x int64 [1]; z int64 [?], and one picture of float32 or uint8 is supported`,
    });
  });

  it('refuses a model with an output that cannot be read', async () => {
    const file = model({
      nodes: [{ op: 'IsNaN', inputs: ['x'], outputs: ['y'] }],
      inputs: [{ name: 'x', type: 'float32', dims: [1] }],
      outputs: [{ name: 'y', type: 'bool', dims: [1] }],
    });
    expect(await failure(open(file))).toMatchObject({
      code: 'model_unsupported',
      message: 'output y of the model is no tensor of a supported type',
      hint: 'supported are tensors of float32, float16, uint8, int32, int64',
    });
  });

  describeWithTestData('on real models', () => {
    it('says which file with weights is missing', async () => {
      const file = testData('models', 'broken', 'osnet_missing_external_data.onnx');
      const error = await failure(open(file));
      expect(error.code).toBe('model_external_data_missing');
      expect(error.message).toMatch(/cannot be read: .*osnet_x0_25_msmt17\.onnx\.data$/);
      expect(error.hint).toBe('put the file with the weights beside the model, under its original name');
    });

    it('refuses a real model that was cut off', async () => {
      const file = model(addModel);
      writeFileSync(file, readFileSync(yolox).subarray(0, 2_000_000));
      expect(await failure(open(file))).toMatchObject({ code: 'model_invalid' });
    });
  });
});

describeWithTestData('both backends give equal outputs on the CPU', () => {
  it.each([
    ['coco/yolox_nano_416.onnx', [1, 3, 416, 416], 'float, static'],
    ['coco/yolo11n_dynint8_320.onnx', [1, 3, 320, 320], 'dynamic quantization'],
    ['coco/yolo_fastestv2_352.onnx', [1, 3, 352, 352], 'two outputs'],
    ['other/osnet_x0_25_msmt17.onnx', [3, 3, 256, 128], 'dynamic batch'],
  ])('%s', async (file, dims) => {
    const length = dims.reduce((product, dim) => product * dim, 1);
    const results = [];
    for (const backend of ['ort-c-api', 'onnxruntime-node'] as const) {
      const session = await (await createBackend({ backend })).open({
        file: testData('models', file),
        providers: ['cpu'],
        providerOptions: {},
        threads: 1,
      });
      const input = session.input(length);
      for (let i = 0; i < length; i++) input[i] = (i * 2_654_435_761) % 256;
      // Twice, since ort-c-api binds outputs to its own memory after the first.
      await session.run(dims, 20_000);
      results.push(
        (await session.run(dims, 20_000)).map((tensor) => ({ ...tensor, data: tensor.data.slice() })),
      );
      await session.close(5_000);
    }
    expect(results[0]).toEqual(results[1]);
  });
});

function onnxBytes(): Buffer {
  const file = writeOnnx('good', addModel);
  const bytes = readFileSync(file);
  rmSync(dirname(file), { recursive: true });
  return bytes;
}

function floats(tensor: Tensor | undefined): Float32Array {
  return tensor?.data instanceof Float32Array
    ? tensor.data
    : expect.fail('the output is no tensor of floats');
}

function testDirectory(): string {
  return import.meta.dirname;
}
