import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { CameraPipeline } from '../app/camera-pipeline.ts';
import { ModelRuntime } from '../app/model-runtime.ts';
import { eventsOnly, type PipelineOutlet } from '../app/pipeline-outlet.ts';
import { SystemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { createFrameSource } from '../capture/open-source.ts';
import { cameraSchema } from '../config/camera-schema.ts';
import { modelSchema, storageSchema } from '../config/schema.ts';
import { EventSealer } from '../events/event-sealer.ts';
import { UuidV7 } from '../events/uuid-v7.ts';
import { i420Bytes } from '../flow/frame.ts';
import { FramePool } from '../flow/frame-pool.ts';
import { EventStore } from '../store/event-store.ts';
import { cpuBetween, poolThreads, threadCpuMs } from './thread-cpu.ts';

/** What one benchmark process does: so many cameras on one clip, every frame inferred. */
export interface CameraLoad {
  readonly clip: string;
  readonly model: string;
  readonly cameras: number;
  readonly fps: number;
  readonly seconds: number;
  /** Frames before the measurement, as fast as they are inferred, but at most `WARM_UP_LIMIT_S` long. */
  readonly warmUpFrames: number;
}

export interface CameraLoadResult {
  readonly model: string;
  readonly provider: string | null;
  readonly inferredFrames: number;
  /** Frames dropped because a newer one came. */
  readonly replacedFrames: number;
  /** CPU of ONNX Runtime's runs, per inferred frame. */
  readonly runCpuMsPerFrame: number;
  /** CPU of everything else in this process (decoders are others), per inferred frame. */
  readonly otherCpuMsPerFrame: number;
  readonly runP50Ms: number;
  /** From a frame being complete in memory to its events handed over. */
  readonly frameToEventP95Ms: number;
  readonly stallP99Ms: number;
  readonly rssMiB: number;
  /** From the start of the process to the first inferred frame. */
  readonly firstResultMs: number;
}

/** A machine that infers a few frames a second would warm up for hours. */
const WARM_UP_LIMIT_S = 900;
/**
 * In so many connections, one after the other: what V8 assumes of the only instance of a class it unlearns with the next one,
 * and a daemon has had many by then, of its cameras and their reconnects.
 */
const WARM_UP_CONNECTIONS = 4;
/** Then connections and caches become as they are at the camera's own rate. */
const WARM_UP_S = 5;
const CLOSE_DEADLINE_MS = 5_000;
/** The sampling interval of Node's event loop monitor is part of what it measures. */
const STALL_RESOLUTION_MS = 1;

/** Runs the load in this process, which should do nothing else, and measures it. */
export async function runCameraLoad(load: CameraLoad): Promise<CameraLoadResult> {
  const pool = await poolThreads();
  const clock = new SystemClock();
  const common = { baseDir: process.cwd(), clock, random: Math.random, log: silentLogger };
  const runtime = new ModelRuntime({
    ...common,
    name: 'bench',
    config: modelSchema.parse({ file: load.model }),
  });
  const never = new AbortController().signal;
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-bench-store-'));
  const sealer = new EventSealer('bench', clock, new UuidV7(randomBytes));
  const store = new EventStore({
    config: storageSchema.parse({ path: folder }),
    outbox: false,
    seal: (draft, seq) => sealer.seal(draft, seq),
    onEvent: () => {},
    clock,
    log: silentLogger,
  });
  await store.start(never);
  await runtime.start(never);
  // Events go to the disk, as in a daemon; there is no broker.
  const outlet = eventsOnly((draft) => store.put(draft));
  const pipelines = Array.from({ length: load.cameras }, (_, index) =>
    pipeline(load, runtime, outlet, index),
  );
  const firstResultMs = await compressedWarmUp(load, runtime, outlet);
  for (const each of pipelines) await each.start(never);
  const sum = (outcome: 'inferred' | 'replaced') =>
    pipelines.reduce((total, each) => total + each.stats.frames.get(outcome), 0);
  await clock.sleep(WARM_UP_S * 1000);
  const before = { cpu: threadCpuMs(), inferred: sum('inferred'), replaced: sum('replaced') };
  await clock.sleep(load.seconds * 1000);
  const { ofThreadsMs, othersMs } = cpuBetween(before.cpu, threadCpuMs(), pool);
  const inferredFrames = sum('inferred') - before.inferred;
  const worst = (stage: 'run' | 'decoded_to_event', q: number) =>
    Math.max(...pipelines.map((each) => each.stats.quantileMs(stage, q)));
  const runP50Ms = worst('run', 0.5);
  const frameToEventP95Ms = worst('decoded_to_event', 0.95);
  const result = {
    model: runtime.model.name,
    provider: runtime.inUse().provider,
    inferredFrames,
    replacedFrames: sum('replaced') - before.replaced,
    runCpuMsPerFrame: ofThreadsMs / inferredFrames,
    otherCpuMsPerFrame: othersMs / inferredFrames,
    runP50Ms,
    frameToEventP95Ms,
    stallP99Ms: await measureStall(load.seconds * 1000, clock),
    rssMiB: process.memoryUsage.rss() / 2 ** 20,
    firstResultMs,
  };
  for (const each of pipelines) await each.close(CLOSE_DEADLINE_MS);
  await runtime.close(CLOSE_DEADLINE_MS);
  await store.close(CLOSE_DEADLINE_MS);
  await rm(folder, { recursive: true, force: true });
  return result;
}

/** @returns when the first frame was inferred, ms since the start of the process */
async function compressedWarmUp(
  load: CameraLoad,
  runtime: ModelRuntime,
  outlet: PipelineOutlet,
): Promise<number> {
  const clock = new SystemClock();
  let firstResultMs = Number.NaN;
  const limitMs = (WARM_UP_LIMIT_S * 1000) / WARM_UP_CONNECTIONS;
  for (let connection = 1; connection <= WARM_UP_CONNECTIONS; connection++) {
    const each = pipeline({ ...load, fps: 120 }, runtime, outlet, -connection, 'loop=1');
    const inferred = () => each.stats.frames.get('inferred');
    await each.start(new AbortController().signal);
    const endMs = clock.monoMs() + limitMs;
    while (inferred() < load.warmUpFrames / WARM_UP_CONNECTIONS && clock.monoMs() < endMs) {
      await clock.sleep(5);
      if (Number.isNaN(firstResultMs) && inferred() > 0) firstResultMs = performance.now();
    }
    await each.close(CLOSE_DEADLINE_MS);
  }
  return firstResultMs;
}

/** Apart from the CPU, because looking at the event loop every millisecond costs more of it than the pipeline does. */
async function measureStall(durationMs: number, clock: SystemClock): Promise<number> {
  const stall = monitorEventLoopDelay({ resolution: STALL_RESOLUTION_MS });
  stall.enable();
  await clock.sleep(durationMs);
  stall.disable();
  return Math.max(0, stall.percentile(99) / 1e6 - STALL_RESOLUTION_MS);
}

function pipeline(
  load: CameraLoad,
  runtime: ModelRuntime,
  outlet: PipelineOutlet,
  index: number,
  playback = 'loop=1&realtime=1',
): CameraPipeline {
  const { input, minScore } = runtime.model;
  const clock = new SystemClock();
  const config = cameraSchema.parse({
    source: `file:${load.clip}?${playback}`,
    detect: { fps: load.fps },
    motion: { mode: 'off' },
  });
  const cameraId = `camera${index + 1}`;
  const source = createFrameSource({
    cameraId,
    source: config.source,
    capture: config.capture,
    detect: { widthPx: input.widthPx, heightPx: input.heightPx, fps: load.fps },
    pool: new FramePool(4, i420Bytes(input.widthPx, input.heightPx)),
    clock,
    baseDir: process.cwd(),
  });
  return new CameraPipeline({
    cameraId,
    config,
    source,
    scheduler: runtime.scheduler,
    minScore,
    outlet,
    classifiers: new Map(),
    newObjectId: (atMs) => `${cameraId}-${atMs}`,
    random: Math.random,
    clock,
    log: silentLogger,
  });
}
