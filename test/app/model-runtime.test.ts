import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelRuntime } from '../../src/app/model-runtime.ts';
import { silentLogger } from '../../src/base/log.ts';
import { modelSchema } from '../../src/config/schema.ts';
import type { Frame } from '../../src/flow/frame.ts';
import type { GpuFacts } from '../../src/infer/engines/gpu.ts';
import type { Lane } from '../../src/infer/scheduler.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { type BuildFate, FakeEngineBuilder } from '../fakes/fake-engine-builder.ts';
import { FakeGpuBackend } from '../fakes/fake-gpu-backend.ts';
import { fatefulDetector } from '../fixtures/detector-onnx.ts';
import { writeOnnx } from '../fixtures/tiny-onnx.ts';

const MINUTE = 60_000;
const orin: GpuFacts = { name: 'Orin', computeCapability: '8.7', integrated: true, tensorRt: '10.3.0' };
const signal = new AbortController().signal;

let folder: string;
let file: string;
let clock: FakeClock;
let runtimes: ModelRuntime[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ocellus-engines-'));
  file = writeOnnx('detector', fatefulDetector('throws'));
  clock = new FakeClock();
  runtimes = [];
});

afterEach(async () => {
  for (const runtime of runtimes) {
    const closing = runtime.close(5_000);
    await clock.advance(100);
    await closing;
  }
  rmSync(folder, { recursive: true });
  rmSync(dirname(file), { recursive: true });
});

function rig(
  fates: readonly BuildFate[] = ['built'],
  providers = ['tensorrt', 'cuda', 'cpu'],
  gpu = async () => orin,
) {
  const backend = new FakeGpuBackend(clock);
  const builder = new FakeEngineBuilder(clock, 10 * MINUTE, fates);
  const runtime = new ModelRuntime({
    name: 'default',
    config: modelSchema.parse({ file, providers, sessions: 2, decoder: 'yolov8' }),
    baseDir: '/',
    clock,
    random: () => 0,
    log: silentLogger,
    createBackend: async () => backend,
    engines: { folder, maxBytes: () => 1 << 30, builder, gpu },
  });
  runtimes.push(runtime);
  return { runtime, backend, builder };
}

/** Starts it while time passes, for warming up takes some. */
async function start(runtime: ModelRuntime): Promise<void> {
  await passing(runtime.start(signal));
}

/** Lets time pass in small steps until something has settled. */
async function passing<T>(promise: Promise<T>, stepMs = 10): Promise<T> {
  let settled = false;
  const done = promise.finally(() => {
    settled = true;
  });
  done.catch(() => {});
  while (!settled) {
    await clock.advance(stepMs);
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
  }
  return done;
}

/** Lets time pass until it is as the test says. */
async function until(what: () => boolean, stepMs: number): Promise<void> {
  for (let i = 0; !what(); i++) {
    if (i > 3_000) expect.fail(`it never came to that: ${what}`);
    await clock.advance(stepMs);
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
  }
}

/** A camera that offers a frame every 100 ms and counts what becomes of them. */
function camera(runtime: ModelRuntime, id: string) {
  const count = { results: 0, failed: 0, replaced: 0, released: 0 };
  const sink = {
    result: (frame: Frame) => {
      count.results += 1;
      frame.release();
    },
    failed: (frame: Frame) => {
      count.failed += 1;
      frame.release();
    },
    dropped: (frame: Frame) => {
      count.replaced += 1;
      frame.release();
    },
  };
  const lane: Lane = runtime.scheduler.lane(id, { periodMs: 100 }, sink);
  let offered = 0;
  const next = () => {
    offered += 1;
    lane.offer({
      cameraId: id,
      seq: offered,
      widthPx: 64,
      heightPx: 64,
      data: new Uint8Array((64 * 64 * 3) / 2),
      colour: { matrix: 'bt709', range: 'limited' },
      source: { widthPx: 64, heightPx: 64 },
      times: { captureAtMs: clock.wallMs(), captureMonoMs: clock.monoMs(), decodedAtMs: clock.wallMs() },
      release: () => {
        count.released += 1;
      },
    });
    clock.after(100, next);
  };
  clock.after(0, next);
  return { count, offered: () => offered };
}

describe('a model that TensorRT is to run', () => {
  it('is served by CUDA while its engine is built, then by the engine, and no frame is lost', async () => {
    const { runtime, backend } = rig();
    await start(runtime);
    expect(runtime.inUse()).toMatchObject({ provider: 'cuda', healthySessions: 2, lastError: null });
    const front = camera(runtime, 'front');
    await until(() => runtime.inUse().engine?.state === 'building', 100);
    await clock.advance(30_000);
    expect(runtime.inUse()).toMatchObject({ provider: 'cuda', engine: { state: 'building', attempts: 1 } });
    expect(front.count.results).toBeGreaterThan(250);

    await until(() => runtime.inUse().engine?.state === 'ready', 5_000);
    expect(runtime.inUse()).toMatchObject({
      provider: 'tensorrt',
      healthySessions: 2,
      engine: { attempts: 0 },
    });
    expect(backend.openSessions).toBe(2);
    const before = backend.runs.tensorrt;
    await clock.advance(10_000);
    expect(backend.runs.tensorrt - before).toBeGreaterThanOrEqual(95);
    const { results, failed, replaced, released } = front.count;
    expect({ failed, replaced }).toEqual({ failed: 0, replaced: 0 });
    expect(front.offered() - results).toBeLessThanOrEqual(1);
    expect(released).toBe(results);
  });

  it('starts on the engine at once when there is one', async () => {
    const first = rig();
    await start(first.runtime);
    await until(() => first.runtime.inUse().engine?.state === 'ready', 5_000);
    const second = rig();
    await start(second.runtime);
    expect(second.runtime.inUse()).toMatchObject({ provider: 'tensorrt', engine: { state: 'ready' } });
    expect(second.builder.jobs).toEqual([]);
    expect(second.backend.opened.map(({ provider }) => provider)).toEqual(['tensorrt', 'tensorrt']);
  });

  it('stays on CUDA when every build fails, and says so', async () => {
    const { runtime, builder } = rig(['throws']);
    await start(runtime);
    const front = camera(runtime, 'front');
    await until(() => runtime.inUse().engine?.state === 'failed', 20_000);
    expect(builder.jobs).toHaveLength(3);
    expect(runtime.inUse()).toMatchObject({
      provider: 'cuda',
      healthySessions: 2,
      engine: { attempts: 3, lastError: 'out of memory' },
    });
    expect(front.count.failed).toBe(0);
  });

  it('believes no spoilt engine: it serves on CUDA until there is another', async () => {
    const first = rig();
    await start(first.runtime);
    await until(() => first.runtime.inUse().engine?.state === 'ready', 5_000);
    const entry = join(folder, readdirSync(folder).find((name) => /^[0-9a-f]{32}$/.test(name))!);
    writeFileSync(join(entry, 'graph_0_sm87.engine'), 'garbage');
    const second = rig();
    await start(second.runtime);
    expect(second.runtime.inUse().provider).toBe('cuda');
    expect(second.backend.opened.some(({ provider }) => provider === 'tensorrt')).toBe(false);
    await until(() => second.runtime.inUse().engine?.state === 'ready', 5_000);
    expect(second.runtime.inUse().provider).toBe('tensorrt');
    expect(second.builder.jobs).toHaveLength(1);
  });

  it('waits for its engine where nothing else may run it', async () => {
    const { runtime, backend } = rig(['built'], ['tensorrt']);
    await passing(runtime.start(signal), 5_000);
    expect(runtime.inUse()).toMatchObject({ provider: 'tensorrt', engine: { state: 'ready' } });
    expect(backend.opened.every(({ provider }) => provider === 'tensorrt')).toBe(true);
  });

  it('does not start where nothing else may run it and there will be no engine', async () => {
    const { runtime } = rig(['throws'], ['tensorrt']);
    await expect(passing(runtime.start(signal), 20_000)).rejects.toMatchObject({
      code: 'provider_unavailable',
      message: 'no engine for the model: out of memory',
    });
  });

  it('is left to the others where there is no TensorRT', async () => {
    const noDriver = () => Promise.reject(new Error('libcuda.so.1: cannot open shared object file'));
    const { runtime } = rig(['built'], ['tensorrt', 'cuda', 'cpu'], noDriver);
    await start(runtime);
    expect(runtime.inUse()).toMatchObject({
      provider: 'cuda',
      engine: null,
      refused: [{ provider: 'tensorrt', reason: 'libcuda.so.1: cannot open shared object file' }],
    });
  });

  it('ends its build when it is closed', async () => {
    const { runtime, builder, backend } = rig();
    await start(runtime);
    await until(() => builder.running === 1, 10);
    await passing(runtime.close(5_000));
    expect(builder.running).toBe(0);
    expect(backend.openSessions).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith('building-'))).toEqual([]);
  });
});
