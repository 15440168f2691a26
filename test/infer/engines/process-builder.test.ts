import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SystemClock } from '../../../src/base/clock.ts';
import type { BuildJob } from '../../../src/infer/engines/engine-builder.ts';
import { ProcessEngineBuilder } from '../../../src/infer/engines/process-builder.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { addModel, writeOnnx } from '../../fixtures/tiny-onnx.ts';
import { waitUntil } from '../../fixtures/wait-until.ts';

const misbehaving = fileURLToPath(new URL('../../fixtures/engine-build.mjs', import.meta.url));
const never = new AbortController().signal;

function job(file: string, providers: BuildJob['providers'] = ['tensorrt']): BuildJob {
  return { file, providers, providerOptions: {}, threads: 1, libonnxruntime: undefined, deadlineMs: 600_000 };
}

/** Processes whose parent is this one and that run a given program. */
function childrenRunning(program: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const isOurs =
        readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === `${process.pid}`;
      return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program) ? [Number(pid)] : [];
    } catch {
      // It ended between the two looks.
      return [];
    }
  });
}

describe('the process that builds an engine', () => {
  it('opens the model on the provider that is asked for', async () => {
    const file = writeOnnx('add', addModel);
    await new ProcessEngineBuilder(new SystemClock()).build(job(file, ['cpu']), never);
    rmSync(dirname(file), { recursive: true });
  });

  it('fails when another provider stands in', async () => {
    const file = writeOnnx('add', addModel);
    const build = new ProcessEngineBuilder(new SystemClock()).build(job(file, ['tensorrt', 'cpu']), never);
    await expect(build).rejects.toThrow(/^tensorrt does not take the model: /);
    rmSync(dirname(file), { recursive: true });
  });

  it('tells what is wrong with a model', async () => {
    const build = new ProcessEngineBuilder(new SystemClock()).build(job('/nowhere.onnx'), never);
    await expect(build).rejects.toThrow('cannot read model /nowhere.onnx: no such file');
  });

  it.each([
    ['crashes', 'ended with SIGSEGV; it said: terminate called after throwing an instance of nvinfer1'],
    ['ends without a word', 'the process that builds it ended with status 3'],
  ])('%s, and nobody else does', async (fate, message) => {
    const builder = new ProcessEngineBuilder(new SystemClock(), misbehaving);
    await expect(builder.build(job(fate), never)).rejects.toThrow(message);
    expect(childrenRunning(misbehaving)).toEqual([]);
  });

  it('is ended when the build is', async () => {
    const ending = new AbortController();
    const build = new ProcessEngineBuilder(new SystemClock(), misbehaving).build(job('hangs'), ending.signal);
    const ended = expect(build).rejects.toMatchObject({ name: 'AbortError' });
    await waitUntil(() => childrenRunning(misbehaving).length === 1, 'the process');
    ending.abort();
    await ended;
    expect(childrenRunning(misbehaving)).toEqual([]);
  });

  it('is ended at its deadline', async () => {
    const clock = new FakeClock();
    const build = new ProcessEngineBuilder(clock, misbehaving).build(job('hangs'), never);
    const ended = expect(build).rejects.toThrow('the build took longer than 10 min and was ended');
    await waitUntil(() => childrenRunning(misbehaving).length === 1, 'the process');
    await clock.advance(600_000);
    await ended;
    expect(childrenRunning(misbehaving)).toEqual([]);
  });

  it('has built when it says so, even if it does not end by itself', async () => {
    const clock = new FakeClock();
    const build = new ProcessEngineBuilder(clock, misbehaving).build(job('answers and hangs'), never);
    await waitUntil(() => clock.pending === 2, 'its answer');
    await clock.advance(60_000);
    await build;
    expect(childrenRunning(misbehaving)).toEqual([]);
  });
});
