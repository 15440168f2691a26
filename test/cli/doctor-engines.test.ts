import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { tryProcessLock } from '../../src/base/process-lock.ts';
import { engineFinding } from '../../src/cli/doctor/engines.ts';
import { modelSchema } from '../../src/config/schema.ts';
import { BuildRecord } from '../../src/infer/engines/build-record.ts';
import { ENGINE_LOCK, EngineCache } from '../../src/infer/engines/engine-cache.ts';
import { engineKey } from '../../src/infer/engines/engine-key.ts';
import { ModelEngine } from '../../src/infer/engines/model-engine.ts';
import { loadDetectionModel } from '../../src/models/detection-model.ts';
import { FakeGpuBackend } from '../fakes/fake-gpu-backend.ts';
import { fatefulDetector } from '../fixtures/detector-onnx.ts';
import { writeOnnx } from '../fixtures/tiny-onnx.ts';

const gpu = async () => ({ name: 'Orin', computeCapability: '8.7', integrated: true, tensorRt: '10.3.0' });
const clock = new SystemClock();

let storage: string;
let file: string;
let folder: string;

beforeEach(() => {
  storage = mkdtempSync(join(tmpdir(), 'ocellus-storage-'));
  folder = join(storage, 'engines');
  file = writeOnnx('detector', fatefulDetector('throws'));
});

afterEach(() => {
  rmSync(storage, { recursive: true });
  rmSync(dirname(file), { recursive: true });
});

const config = () => modelSchema.parse({ file, providers: ['tensorrt', 'cuda'], decoder: 'yolov8' });
const examine = () =>
  engineFinding('model:default:tensorrt', config(), storage, {
    backend: async () => new FakeGpuBackend(clock),
    gpu,
  });

async function facts() {
  const parts = {
    backend: new FakeGpuBackend(clock),
    model: loadDetectionModel(config(), '/'),
    config: config(),
  };
  const engine = await ModelEngine.create({
    ...{ ...parts, folder, maxBytes: () => 1, board: null, gpu, clock, random: () => 0, log: silentLogger },
    builder: { build: async () => {} },
  });
  return engine.facts;
}

async function build(text: string): Promise<void> {
  const cache = new EngineCache(folder, () => 1 << 30);
  const of = await facts();
  const place = await cache.beginBuild(of);
  writeFileSync(join(place, 'graph_sm87.engine'), text);
  await cache.commit(of, place, 240_000, clock.wallMs());
}

describe('doctor and a model for TensorRT', () => {
  it('that has no engine yet: the daemon builds it, and nothing is built now', async () => {
    expect(await examine()).toMatchObject({
      status: 'warn',
      summary: expect.stringMatching(/^it has no engine yet/),
    });
    expect(readdirSync(storage)).toEqual([]);
  });

  it('that has one: it is loaded', async () => {
    await build('engine of the test');
    expect(await examine()).toMatchObject({
      status: 'ok',
      summary: expect.stringMatching(/on its fp16 engine for Orin$/),
    });
  });

  it('whose engine does not load, or is damaged', async () => {
    await build('garbage');
    expect(await examine()).toMatchObject({
      status: 'fail',
      summary: 'its engine does not load: could not deserialize the engine',
    });
    writeFileSync(join(folder, engineKey(await facts()), 'graph_sm87.engine'), 'other');
    expect(await examine()).toMatchObject({
      status: 'warn',
      summary: expect.stringContaining('cannot be believed'),
    });
  });

  it('whose engine is being built', async () => {
    const of = await facts();
    mkdirSync(folder, { recursive: true });
    await new BuildRecord(folder).noteTime(of, 240_000);
    const lock = await tryProcessLock(ENGINE_LOCK, `${folder}/${engineKey(of)}`);
    expect(await examine()).toMatchObject({
      status: 'warn',
      summary: 'its engine is being built now, which took 240 s before',
    });
    lock?.release();
  });

  it('that was given up: why, and what to do', async () => {
    const of = await facts();
    const record = new BuildRecord(folder);
    for (let i = 0; i < 3; i++) await record.countAttempt(of, 1, 'out of memory', clock.wallMs());
    expect(await examine()).toMatchObject({
      status: 'fail',
      summary: 'its engine was given up after 3 builds: out of memory',
      remedy: expect.stringContaining(`attempts-${engineKey(of)}.json`),
    });
  });
});
