import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/log.ts';
import { tryProcessLock } from '../../../src/base/process-lock.ts';
import { ENGINE_LOCK, EngineCache } from '../../../src/infer/engines/engine-cache.ts';
import { EngineKeeper, type EngineKeeperParts } from '../../../src/infer/engines/engine-keeper.ts';
import { type EngineFacts, engineKey } from '../../../src/infer/engines/engine-key.ts';
import type { EngineState, EngineStatus } from '../../../src/infer/engines/engine-status.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { type BuildFate, FakeEngineBuilder } from '../../fakes/fake-engine-builder.ts';
import { waitUntil } from '../../fixtures/wait-until.ts';

const MINUTE = 60_000;
const TOOK_MS = 10 * MINUTE;

const facts: EngineFacts = {
  modelSha256: 'a1'.repeat(32),
  gpu: 'Orin',
  computeCapability: '8.7',
  tensorRt: '10.3.0',
  onnxRuntime: '1.23.0',
  precision: 'fp16',
  options: { trt_fp16_enable: '1' },
};
const key = engineKey(facts);

let folder: string;
let clock: FakeClock;
let keepers: EngineKeeper[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ocellus-engines-'));
  clock = new FakeClock();
  keepers = [];
});

afterEach(async () => {
  for (const keeper of keepers) await keeper.close(5_000);
  rmSync(folder, { recursive: true });
});

interface Rig {
  keeper: EngineKeeper;
  builder: FakeEngineBuilder;
  used: string[];
  states: EngineState[];
}

function rig(fates: readonly BuildFate[] = ['built'], more: Partial<EngineKeeperParts> = {}): Rig {
  const builder = new FakeEngineBuilder(clock, TOOK_MS, fates);
  const used: string[] = [];
  const states: EngineState[] = [];
  const keeper = new EngineKeeper({
    cache: new EngineCache(folder, () => 1 << 30),
    facts,
    builder,
    job: (path) => ({
      file: 'yolo.onnx',
      providers: ['tensorrt', 'cuda'],
      providerOptions: { tensorrt: { trt_engine_cache_path: path } },
      threads: 1,
      libonnxruntime: undefined,
      deadlineMs: 30 * MINUTE,
    }),
    use: async (path) => {
      used.push(readFileSync(join(path, 'graph_0_sm87.engine'), 'utf8'));
    },
    maxAttempts: 3,
    inUse: () => new Set(),
    clock,
    random: () => 0,
    log: silentLogger,
    changed: ({ state }) => states.push(state),
    ...more,
  });
  keepers.push(keeper);
  return { keeper, builder, used, states };
}

/** Files and sockets take real time; the clock of the test stands still meanwhile. */
const inState = (keeper: EngineKeeper, state: EngineState) =>
  waitUntil(() => keeper.status.state === state, state);

/** Moves time on until the work of the keeper has ended. */
async function finish({ keeper }: Rig): Promise<EngineStatus> {
  let done = false;
  void keeper.run().then(() => {
    done = true;
  });
  for (let i = 0; i < 2_000 && !done; i++) {
    await clock.advance(MINUTE / 4);
    await new Promise<void>((resolve) => setTimeout(resolve, 2));
  }
  expect(done).toBe(true);
  return keeper.status;
}

const enginePath = () => join(folder, key, 'graph_0_sm87.engine');

describe('the life cycle of an engine', () => {
  it('builds one when there is none, tells how far it is, and hands it over', async () => {
    const first = rig();
    void first.keeper.run();
    await inState(first.keeper, 'building');
    await clock.advance(2 * MINUTE);
    // Nothing tells how long a build takes here.
    expect(first.keeper.status).toMatchObject({
      state: 'building',
      forMs: 2 * MINUTE,
      progress: null,
      etaMs: null,
      attempts: 1,
    });
    expect(first.used).toEqual([]);
    await clock.advance(8 * MINUTE);
    await inState(first.keeper, 'ready');
    expect(first.used).toEqual(['engine of yolo.onnx, build 1']);
    expect(first.states).toEqual(['building', 'checking', 'loading', 'ready']);
    expect(first.keeper.status).toMatchObject({ attempts: 0, lastError: null, tookMs: TOOK_MS });
  });

  it('takes the next one from the cache, without a build', async () => {
    await finish(rig());
    const second = rig();
    expect((await finish(second)).state).toBe('ready');
    expect(second.builder.jobs).toEqual([]);
    expect(second.used).toEqual(['engine of yolo.onnx, build 1']);
  });

  it('estimates a build by the last one of the model on this GPU', async () => {
    const { tookMs } = await finish(rig());
    // TensorRT was updated.
    const next = rig(['built'], { facts: { ...facts, tensorRt: '10.4.0' } });
    void next.keeper.run();
    await inState(next.keeper, 'building');
    await clock.advance(4 * MINUTE);
    expect(next.keeper.status.progress).toBeCloseTo((4 * MINUTE) / tookMs!);
    expect(next.keeper.status.etaMs).toBe(tookMs! - 4 * MINUTE);
  });

  it.each([
    ['another model', { modelSha256: 'b2'.repeat(32) }],
    ['another GPU', { gpu: 'NVIDIA RTX A2000', computeCapability: '8.6' }],
    ['another TensorRT', { tensorRt: '10.4.0' }],
    ['another ONNX Runtime', { onnxRuntime: '1.24.0' }],
    ['another precision', { precision: 'int8' as const }],
    ['another option', { options: { trt_fp16_enable: '1', trt_dla_enable: '1' } }],
  ])('does not take an engine for %s', async (_, other) => {
    await finish(rig());
    const next = rig(['built'], { facts: { ...facts, ...other } });
    expect((await finish(next)).state).toBe('ready');
    expect(next.builder.jobs).toHaveLength(1);
  });

  it.each<[string, () => void]>([
    ['a byte differs', () => writeFileSync(enginePath(), 'engine of yolo.onnx, build X')],
    ['the engine is cut short', () => writeFileSync(enginePath(), 'engine')],
    ['the engine is gone', () => rmSync(enginePath())],
    ['the manifest is gone', () => rmSync(join(folder, key, 'manifest.json'))],
    ['the manifest is torn', () => writeFileSync(join(folder, key, 'manifest.json'), '{"v":1,"fac')],
    ['a file came from elsewhere', () => writeFileSync(join(folder, key, 'graph_1_sm87.engine'), 'foreign')],
    [
      'the manifest is of another engine',
      () => {
        const path = join(folder, key, 'manifest.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('10.3.0', '8.6.1'));
      },
    ],
  ])('builds anew when %s', async (_, spoil) => {
    await finish(rig());
    spoil();
    const next = rig();
    expect((await finish(next)).state).toBe('ready');
    expect(next.builder.jobs).toHaveLength(1);
    expect(next.used).toEqual(['engine of yolo.onnx, build 1']);
  });

  it('tries again after a failure, later each time, then gives up for good, also after a restart', async () => {
    const failing = rig(['throws', 'leaves nothing', 'half']);
    const status = await finish(failing);
    expect(status).toMatchObject({ state: 'failed', attempts: 3, retryMs: null });
    expect(status.lastError).toBe('the process that builds it ended with SIGSEGV');
    expect(failing.builder.jobs).toHaveLength(3);
    expect(failing.states.filter((state) => state === 'waiting')).toHaveLength(2);
    expect(readdirSync(folder).filter((name) => !name.endsWith('.json'))).toEqual([]);

    const restarted = rig();
    expect(await finish(restarted)).toMatchObject({ state: 'failed', attempts: 3 });
    expect(restarted.builder.jobs).toEqual([]);
    // Another configuration is another engine.
    const changed = rig(['built'], { facts: { ...facts, precision: 'fp32' } });
    expect((await finish(changed)).state).toBe('ready');
  });

  it('comes to an engine although the first build fails', async () => {
    const failing = rig(['throws', 'built']);
    expect(await finish(failing)).toMatchObject({ state: 'ready', attempts: 0, lastError: null });
    expect(failing.builder.jobs).toHaveLength(2);
  });

  it('tells when the next try is', async () => {
    const failing = rig(['throws', 'built']);
    void failing.keeper.run();
    await inState(failing.keeper, 'building');
    await clock.advance(TOOK_MS);
    await inState(failing.keeper, 'waiting');
    // Half of a minute, with the least jitter.
    expect(failing.keeper.status).toMatchObject({ retryMs: 30_000, attempts: 1, lastError: 'out of memory' });
  });

  it('throws away an engine that cannot be used, and builds it anew', async () => {
    let tries = 0;
    const twice = rig(['built'], {
      use: async () => {
        tries += 1;
        if (tries === 1) throw new Error('TensorRT took no node of this model');
      },
    });
    expect((await finish(twice)).state).toBe('ready');
    expect(twice.builder.jobs).toHaveLength(2);
  });

  it('gives up an engine that can never be used', async () => {
    const never = rig(['built'], { use: () => Promise.reject(new Error('the GPU is gone')) });
    expect(await finish(never)).toMatchObject({ state: 'failed', attempts: 3, lastError: 'the GPU is gone' });
    expect(never.builder.jobs).toHaveLength(3);
  });

  it('builds another when the one in use is lost', async () => {
    const losing = rig();
    await finish(losing);
    await losing.keeper.lost('it does not load any more');
    expect((await finish(losing)).state).toBe('ready');
    expect(losing.builder.jobs).toHaveLength(2);
  });

  it('leaves nothing of a build that is ended, and does not count it', async () => {
    const ended = rig();
    void ended.keeper.run();
    await inState(ended.keeper, 'building');
    expect(readdirSync(folder).some((name) => name.startsWith(`building-${key}`))).toBe(true);
    await ended.keeper.close(5_000);
    expect(ended.builder.running).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('counts a build that took the program down with it, believes nothing of it and tidies up', async () => {
    const killed = rig();
    void killed.keeper.run();
    await inState(killed.keeper, 'building');
    const remains = readdirSync(folder);
    const attempts = readFileSync(join(folder, `attempts-${key}.json`), 'utf8');
    await killed.keeper.close(5_000);
    // As SIGKILL leaves it.
    const build = remains.find((name) => name.startsWith('building-'))!;
    writeFileSync(join(folder, `attempts-${key}.json`), attempts);
    const cache = new EngineCache(folder, () => 1 << 30);
    const left = await cache.beginBuild(facts);
    writeFileSync(join(left, 'graph_0_sm87.engine'), 'half of');
    expect(build).toMatch(/^building-/);

    const next = rig();
    void next.keeper.run();
    await inState(next.keeper, 'waiting');
    expect(next.keeper.status).toMatchObject({ attempts: 1, lastError: null });
    expect((await finish(next)).state).toBe('ready');
    expect(next.used).toEqual(['engine of yolo.onnx, build 1']);
    expect(readdirSync(folder).filter((name) => name.startsWith('building-'))).toEqual([]);
  });

  it('waits while another process builds the same engine, and takes what that one built', async () => {
    const [one, other] = [rig(), rig()];
    void one.keeper.run();
    await inState(one.keeper, 'building');
    void other.keeper.run();
    await inState(other.keeper, 'waiting');
    expect(other.keeper.status.retryMs).toBeNull();
    await finish(one);
    expect((await finish(other)).state).toBe('ready');
    expect(other.builder.jobs).toEqual([]);
    expect(other.used).toEqual(one.used);
  });

  it('takes over when the process that built is gone', async () => {
    const lock = await tryProcessLock(ENGINE_LOCK, `${folder}/${key}`);
    const waiting = rig();
    void waiting.keeper.run();
    await inState(waiting.keeper, 'waiting');
    lock?.release();
    expect((await finish(waiting)).state).toBe('ready');
    expect(waiting.builder.jobs).toHaveLength(1);
  });

  it('gives up when there is no place for a cache, and says why', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const placeless = rig(['built'], { cache: new EngineCache(join(file, 'engines'), () => 1 << 30) });
    const status = await finish(placeless);
    expect(status.state).toBe('failed');
    expect(status.lastError).toMatch(/ENOTDIR/);
  });
});

describe('the space of the cache', () => {
  const version = (n: number): EngineFacts => ({ ...facts, tensorRt: `10.${n}.0` });

  async function put(cache: EngineCache, of: EngineFacts, bytes: number): Promise<void> {
    const build = await cache.beginBuild(of);
    writeFileSync(join(build, 'graph_0_sm87.engine'), Buffer.alloc(bytes, 1));
    await cache.commit(of, build, 1_000, clock.wallMs());
    await cache.noteUse(of, clock.wallMs());
    await clock.advance(MINUTE);
  }

  it('keeps what is in use, and four that were', async () => {
    const cache = new EngineCache(folder, () => 1 << 30);
    for (let n = 0; n < 8; n++) await put(cache, version(n), 10);
    await cache.prune(new Set([engineKey(version(0))]));
    const kept = [0, 4, 5, 6, 7].map((n) => engineKey(version(n))).sort();
    expect(readdirSync(folder).sort()).toEqual(kept);
  });

  it('takes no more than it may, but never what is in use', async () => {
    const cache = new EngineCache(folder, () => 25_000);
    for (let n = 0; n < 4; n++) await put(cache, version(n), 10_000);
    await cache.prune(new Set([engineKey(version(0))]));
    expect(readdirSync(folder).sort()).toEqual([0, 3].map((n) => engineKey(version(n))).sort());
  });
});
