import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { reidModelSchema } from '../../src/config/schema.ts';
import { i420Bytes } from '../../src/flow/frame.ts';
import { createBackend } from '../../src/infer/backends.ts';
import { openEmbedder } from '../../src/infer/embedder.ts';
import type { Yuv420Picture } from '../../src/infer/preprocess-yuv420.ts';
import { loadEmbeddingModel } from '../../src/models/embedding-model.ts';
import { colourClassifier } from '../fixtures/classifier-onnx.ts';
import { writeOnnx } from '../fixtures/tiny-onnx.ts';

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** One colour all over, Y, U and V. */
function plain([y, u, v]: readonly [number, number, number]): Yuv420Picture {
  const size = { widthPx: 16, heightPx: 32 };
  const data = new Uint8Array(i420Bytes(16, 32)).fill(y, 0, 512).fill(u, 512, 640).fill(v, 640);
  return { data, ...size, colour: { matrix: 'bt601', range: 'full' }, source: size };
}

describe.each(['ort-c-api', 'onnxruntime-node'] as const)('an embedder on %s', (name) => {
  async function open(output: (number | string)[]) {
    const graph = colourClassifier({ batch: 'batch' });
    const file = writeOnnx('looks', {
      ...graph,
      outputs: [{ name: 'output', type: 'float32', dims: output }],
    });
    undo.push(() => rmSync(dirname(file), { recursive: true }));
    const { mean, std } = reidModelSchema.parse({ file });
    const model = loadEmbeddingModel({ file, mean, std }, '/');
    const run = { providers: ['cpu'], providerOptions: {}, threads: 1, runTimeoutMs: 10_000 } as const;
    const embedder = await openEmbedder({ backend: await createBackend({ backend: name }), model, ...run });
    undo.push(() => embedder.close(5_000));
    return embedder;
  }

  it('gives vectors of unit length: alike for views that are alike', async () => {
    const embedder = await open(['batch', 3]);
    const [red, darkRed, blue] = [
      await embedder.detect(plain([76, 85, 255])),
      await embedder.detect(plain([64, 90, 230])),
      await embedder.detect(plain([29, 255, 107])),
    ];
    const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
    expect(Math.hypot(...red)).toBeCloseTo(1, 6);
    expect(dot(red, darkRed)).toBeGreaterThan(0.9);
    expect(dot(red, blue)).toBeLessThan(0.5);
  });

  it('refuses at start what gives no such vector as the graph states', async () => {
    await expect(open(['batch', 'open'])).resolves.toBeDefined();
    await expect(open(['batch', 4])).rejects.toMatchObject({ code: 'model_unsupported' });
  });
});
