import { join } from 'node:path';
import { SystemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { silentLogger } from '../../base/log.ts';
import { tryProcessLock } from '../../base/process-lock.ts';
import type { ModelConfig } from '../../config/schema.ts';
import { boardModel } from '../../device/jetson.ts';
import { createBackend } from '../../infer/backends.ts';
import { BuildRecord } from '../../infer/engines/build-record.ts';
import { ENGINE_LOCK, ENGINES_FOLDER, EngineCache } from '../../infer/engines/engine-cache.ts';
import { ModelEngine, type ModelEngineParts } from '../../infer/engines/model-engine.ts';
import { loadDetectionModel } from '../../models/detection-model.ts';
import type { Finding } from './finding.ts';

const CLOSE_DEADLINE_MS = 5_000;

export interface EngineProbe {
  /** `createBackend` unless a test knows better. */
  readonly backend?: typeof createBackend;
  readonly gpu?: ModelEngineParts['gpu'];
}

/**
 * How a model's TensorRT engine comes along. Nothing is built, thrown away or waited for here: a build takes minutes, and it is
 * the daemon's.
 */
export async function engineFinding(
  id: string,
  model: ModelConfig,
  storagePath: string,
  { backend: openBackend = createBackend, gpu }: EngineProbe = {},
): Promise<Finding> {
  const folder = join(storagePath, ENGINES_FOLDER);
  const cache = new EngineCache(folder, () => Number.POSITIVE_INFINITY);
  try {
    const backend = await openBackend(model);
    const engine = await ModelEngine.create({
      ...{ backend, config: model, folder, model: loadDetectionModel(model, '.') },
      ...(gpu && { gpu }),
      board: await boardModel('/'),
      maxBytes: () => Number.POSITIVE_INFINITY,
      builder: { build: () => Promise.reject(new Error('doctor builds no engine')) },
      clock: new SystemClock(),
      random: () => 0,
      log: silentLogger,
    });
    const found = await cache.find(engine.facts);
    if (found.state !== 'sound') return await withoutEngine(id, model, engine, folder, found);
    const plan = engine.planWith(found.folder);
    const session = await backend.open({ file: model.file, threads: model.threads, ...plan });
    await session.close(CLOSE_DEADLINE_MS);
    const { precision, gpu: name } = engine.facts;
    if (session.provider === 'tensorrt')
      return { id, status: 'ok', summary: `runs ${model.file} on its ${precision} engine for ${name}` };
    const [refusal] = session.refused;
    return failed(
      id,
      `its engine does not load: ${refusal?.reason ?? 'TensorRT takes no part of the model'}`,
    );
  } catch (error) {
    return failed(id, messageOf(error));
  }
}

async function withoutEngine(
  id: string,
  { file, tensorrt }: ModelConfig,
  { facts, keeper }: ModelEngine,
  folder: string,
  found: Awaited<ReturnType<EngineCache['find']>>,
): Promise<Finding> {
  const record = new BuildRecord(folder);
  const expectedMs = await record.expectedMs(facts);
  const duration =
    expectedMs === null
      ? 'which can take ten minutes'
      : `which took ${Math.round(expectedMs / 1000)} s before`;
  const lock = await tryProcessLock(ENGINE_LOCK, `${folder}/${keeper.key}`);
  lock?.release();
  if (lock === undefined) {
    return {
      id,
      status: 'warn',
      summary: `its engine is being built now, ${duration}`,
      remedy: 'wait, and look again',
    };
  }
  const { attempts, lastError } = await record.attempts(facts);
  if (attempts >= tensorrt.buildAttempts) {
    return {
      id,
      status: 'fail',
      summary: `its engine was given up after ${attempts} builds: ${lastError}`,
      remedy: `correct what it says, then remove ${join(folder, `attempts-${keeper.key}.json`)} and restart`,
    };
  }
  const why =
    found.state === 'damaged' ? `its engine cannot be believed (${found.reason})` : 'it has no engine yet';
  return {
    id,
    status: 'warn',
    summary: `${why}: the daemon builds one of ${file}, ${duration}, and runs it on the next provider meanwhile`,
    remedy: 'start the daemon, and look again',
  };
}

function failed(id: string, summary: string): Finding {
  return {
    id,
    status: 'fail',
    summary,
    remedy:
      'install the driver, CUDA and TensorRT that the libonnxruntime was built for, or name another provider',
  };
}
