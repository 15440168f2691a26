import { readdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createBackend } from '../../src/infer/backends.ts';
import { assertProviderRuns, withProfile } from '../../src/infer/provider-proof.ts';
import { addModel, loopModel, writeOnnx } from '../fixtures/tiny-onnx.ts';

const threads = () => readdirSync('/proc/self/task').length;

/** Without JavaScript's heap, whose room for garbage grows with the garbage that a test makes. */
function nativeBytes(): number {
  const { rss, heapTotal } = process.memoryUsage();
  return rss - heapTotal;
}

describe('sessions of the C API', () => {
  it('leave no memory and no thread behind', async () => {
    const backend = await createBackend({ backend: 'ort-c-api' });
    const file = writeOnnx('add', addModel);
    const once = async () => {
      const session = await backend.open({ file, providers: ['cpu'], providerOptions: {}, threads: 2 });
      session.input(4).fill(1);
      await session.run([1, 4], 5_000);
      await session.run([1, 4], 5_000);
      await session.close(5_000);
    };
    for (let i = 0; i < 200; i++) await once();
    const before = { threads: threads(), native: nativeBytes() };
    for (let i = 0; i < 800; i++) await once();
    expect(threads()).toBe(before.threads);
    // A leaked session is 50 KiB or more, so that 800 of them would be 40 MiB.
    expect(nativeBytes() - before.native).toBeLessThan(16 * 1024 * 1024);
    rmSync(dirname(file), { recursive: true });
  });

  it('end a run that would go on for hours', async () => {
    const backend = await createBackend({ backend: 'ort-c-api' });
    const file = writeOnnx('endless', loopModel(1e12));
    const open = () => backend.open({ file, providers: ['cpu'], providerOptions: {}, threads: 1 });
    const timedOut = await open();
    timedOut.input(1).fill(0);
    await expect(timedOut.run([1], 20)).rejects.toMatchObject({
      code: 'inference_timeout',
      message: 'inference took longer than 20 ms; it was ended',
    });
    await timedOut.close(5_000);
    const closed = await open();
    closed.input(1).fill(0);
    const run = closed.run([1], 60_000);
    await Promise.all([
      expect(run).rejects.toMatchObject({ message: 'the inference session is closed' }),
      closed.close(5_000),
    ]);
    rmSync(dirname(file), { recursive: true });
  });
});

describe('sessions in worker threads', () => {
  it('report at the deadline of close that a run cannot be ended, and end with it', async () => {
    const backend = await createBackend({ backend: 'onnxruntime-node' });
    const file = writeOnnx('slow', loopModel(300_000));
    const session = await backend.open({ file, providers: ['cpu'], providerOptions: {}, threads: 1 });
    session.input(1).fill(0);
    await expect(session.run([1], 20)).rejects.toMatchObject({
      code: 'inference_timeout',
      message: 'inference took longer than 20 ms; it goes on, since onnxruntime-node cannot end it',
    });
    const during = threads();
    await expect(session.close(1)).rejects.toMatchObject({
      code: 'deadline_exceeded',
      message: 'the run of a model did not end within 1 ms of close; its thread is abandoned',
      hint: 'the process can only be ended by SIGKILL while it runs',
    });
    // The run does end here, and its thread with it: this process must not end before.
    await expect.poll(threads, { timeout: 15_000 }).toBeLessThan(during);
    rmSync(dirname(file), { recursive: true });
  });

  it('refuse provider options that onnxruntime-node would drop', async () => {
    const backend = await createBackend({ backend: 'onnxruntime-node' });
    const file = writeOnnx('add', addModel);
    const session = await backend.open({
      file,
      providers: ['tensorrt', 'cpu'],
      providerOptions: { tensorrt: { trt_fp16_enable: '1', device_id: '0' } },
      threads: 1,
    });
    expect(session.refused[0]!.reason).toMatch(
      /passes no option but device_id to tensorrt \(given: trt_fp16_enable\); use the backend ort-c-api|was built without/,
    );
    await session.close(5_000);
    rmSync(dirname(file), { recursive: true });
  });
});

describe('the proof that a provider runs', () => {
  it('reads from the profile who ran the kernels', async () => {
    const file = writeOnnx('add', addModel);
    const prove = (provider: 'cpu' | 'cuda') =>
      withProfile(async (profileFilePrefix, readProfile) => {
        const session = await InferenceSession.create(file, { enableProfiling: true, profileFilePrefix });
        const data = new Float32Array(4);
        const adapter = {
          inputs: [{ name: 'x', type: 'float32', dims: [null, 4] }] as const,
          input: () => data,
          run: async (dims: readonly number[]) => {
            await session.run({ x: new Tensor('float32', data, dims) });
            return [];
          },
        };
        try {
          await assertProviderRuns(provider, adapter, () => session.endProfiling(), readProfile);
        } finally {
          await session.release();
        }
      });
    await prove('cpu');
    await expect(prove('cuda')).rejects.toThrow('CUDAExecutionProvider took no node of this model');
    rmSync(dirname(file), { recursive: true });
  });
});
