import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { createBackend } from '../../../src/infer/backends.ts';
import { encodeOnnxModel, readOnnxModel, writeOnnxModel } from '../../../src/models/graph/model-io.ts';
import { inferShapes } from '../../../src/models/graph/shape-inference.ts';
import { describeWithTestData, testData } from '../../fixtures/test-data.ts';
import { addModel, loopModel, onnxModel, writeOnnx } from '../../fixtures/tiny-onnx.ts';

const folder = mkdtempSync(join(tmpdir(), 'ocellus-graph-'));

describe('readOnnxModel', () => {
  it('keeps fields that it does not know, where they were', () => {
    const extra = Buffer.from([0xfa, 0x06, 3, 1, 2, 3]);
    const file = join(folder, 'extra.onnx');
    writeFileSync(file, Buffer.concat([onnxModel(addModel), extra]));
    const written = encodeOnnxModel(readOnnxModel(file, { weights: true }));
    expect(Buffer.from(written).includes(extra)).toBe(true);
  });

  it('gives a written model back byte by byte once it is in the order of fields', () => {
    const first = encodeOnnxModel(readOnnxModel(writeOnnx('loop', loopModel(3)), { weights: true }));
    const file = join(folder, 'loop.onnx');
    writeFileSync(file, first);
    expect(Buffer.from(encodeOnnxModel(readOnnxModel(file, { weights: true }))).equals(first)).toBe(true);
  });

  it('keeps whole numbers of 64 bits exact', () => {
    const model = readOnnxModel(writeOnnx('add', addModel), { weights: true });
    model.graph.initializer[0]!.dims = [9223372036854775807n, -1];
    const file = join(folder, 'wide.onnx');
    writeFileSync(file, encodeOnnxModel(model));
    expect(readOnnxModel(file).graph.initializer[0]!.dims).toEqual([9223372036854775807n, -1]);
  });

  it('refuses graphs nested deeper than any model, in bounded time', () => {
    let nested = onnxModel(addModel).subarray(0, 0);
    const wrap = (number: number, bytes: Buffer) => {
      const length: number[] = [];
      for (let rest = bytes.length; ; rest >>>= 7) {
        length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
        if (rest <= 0x7f) break;
      }
      return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
    };
    for (let i = 0; i < 500; i++) nested = wrap(1, wrap(5, wrap(6, nested)));
    const file = join(folder, 'deep.onnx');
    writeFileSync(file, Buffer.concat([Buffer.from([8, 8]), wrap(7, nested)]));
    expect(() => readOnnxModel(file)).toThrow(/nested too deep/);
  });
});

describeWithTestData('models of the field', () => {
  const files = ['coco', 'other'].flatMap((part) =>
    readdirSync(testData('models', part)).map((name) => testData('models', part, name)),
  );

  test.each(files)('%s computes the same after it was read and written', async (file) => {
    const copy = join(folder, 'copy.onnx');
    writeOnnxModel(readOnnxModel(file, { weights: true }), copy);
    expect(readFileSync(copy).length).toBeGreaterThan(0.9 * readFileSync(file).length);
    const backend = await createBackend({ backend: 'auto' });
    const outputs = async (path: string) => {
      const session = await backend.open({ file: path, providers: ['cpu'], providerOptions: {}, threads: 1 });
      try {
        const dims = session.inputs[0]!.dims.map((dim) => dim ?? 1);
        const input = session.input(dims.reduce((a, b) => a * b));
        for (let i = 0; i < input.length; i++) input[i] = ((i * 7919) % 256) / 255;
        return (await session.run(dims, 60_000)).map(({ data }) =>
          createHash('sha256').update(new Uint8Array(data.slice().buffer)).digest('hex'),
        );
      } finally {
        await session.close(5_000);
      }
    };
    expect(await outputs(copy)).toEqual(await outputs(file));
  });

  test.each(files)('%s: shapes of its outputs follow from its input', (file) => {
    const model = readOnnxModel(file);
    const stripped = { ...model.graph, valueInfo: [], output: [] };
    const input = model.graph.input[0]!;
    const dims = (info: typeof input) =>
      info.type!.tensorType!.shape!.dim.map(({ dimValue }) => Number(dimValue ?? 1));
    const facts = inferShapes(stripped, 13, { [input.name!]: dims(input) });
    for (const output of model.graph.output) expect(facts.get(output.name!)?.dims).toEqual(dims(output));
  });
});
