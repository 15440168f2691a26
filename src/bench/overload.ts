import { CameraPipeline } from '../app/camera-pipeline.ts';
import { GovernorService } from '../app/governor-service.ts';
import { ModelRuntime } from '../app/model-runtime.ts';
import { eventsOnly, type PipelineOutlet } from '../app/pipeline-outlet.ts';
import type { FrameOutcome } from '../app/pipeline-stats.ts';
import { SystemClock } from '../base/clock.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import { createFrameSource } from '../capture/open-source.ts';
import { cameraSchema } from '../config/camera-schema.ts';
import { governorSchema } from '../config/governor-schema.ts';
import { modelSchema } from '../config/schema.ts';
import { type Frame, i420Bytes } from '../flow/frame.ts';
import { FramePool } from '../flow/frame-pool.ts';
import { jainIndex } from './jain-index.ts';

export interface OverloadOptions {
  /** Path to an `.onnx`, or a manifest id. */
  readonly model: string;
  /** Length of each of the two measurements, s. */
  readonly seconds: number;
  readonly onProgress: (what: string) => void;
  readonly log?: Logger;
}

/** One set of cameras under load. */
export interface LoadedSpan {
  readonly cameras: number;
  readonly offeredPerS: number;
  readonly inferredPerS: number;
  /** Of each camera: its priority, and inferred frames in the span. */
  readonly shares: readonly { readonly priority: number; readonly inferred: number }[];
  /** Fairness of the inferred frames by priority: 1 when all have the same. */
  readonly jainIndex: number;
  readonly runP50Ms: number;
  readonly runP95Ms: number;
  /** From a frame being complete in memory to its events handed over. */
  readonly frameToEventP50Ms: number;
  readonly frameToEventP95Ms: number;
  /** All frames of the cameras by what became of them, from their start to their end. */
  readonly frames: Readonly<Partial<Record<FrameOutcome, number>>>;
  /** Frames of which the counts do not say what became. */
  readonly unaccounted: number;
  /** Greatest of the governor's levels. */
  readonly level: number;
}

export interface OverloadResult {
  readonly model: string;
  /** Frames per second that the model carries here when nothing else is asked for. */
  readonly carriedPerS: number;
  readonly equal: LoadedSpan;
  readonly byPriority: LoadedSpan;
  /** From most cameras going to the others having all that they want, s; null: not within `RECOVERY_LIMIT_S`. */
  readonly recoveryS: number | null;
}

const OVERLOAD = 4;
const FPS = 10;
const LEAST_CAMERAS = 8;
const MOST_CAMERAS = 64;
const CARRIED_S = 4;
/** The governor has measured and settled by then. */
const SETTLE_S = 6;
/** Cameras that stay when the load goes want so much of what is carried. */
const STAYING = 0.25;
const RECOVERY_LIMIT_S = 30;
/** Frames that arrive in a second waver by one. */
const ALL_SHARE = 0.85;
const CLOSE_DEADLINE_MS = 5_000;

/** Asks for four times as much as the model carries here, and measures who gets what, how late, and what comes after. */
export async function measureOverload(options: OverloadOptions): Promise<OverloadResult> {
  const { model, seconds, onProgress, log = silentLogger } = options;
  const bench = new OverloadBench(model, log);
  await bench.start();
  try {
    onProgress('what the model carries');
    const carriedPerS = await bench.carried();
    const cameras = Math.min(
      MOST_CAMERAS,
      Math.max(LEAST_CAMERAS, Math.ceil((OVERLOAD * carriedPerS) / FPS)),
    );
    const fps = (OVERLOAD * carriedPerS) / cameras;
    onProgress(`${cameras} cameras of one priority at ${fps.toFixed(1)} fps`);
    const equal = await bench.load(Array(cameras).fill(1), fps, seconds);
    onProgress(`${cameras} cameras, half of them with three times the priority`);
    const priorities = Array.from({ length: cameras }, (_, i) => (i % 2 === 0 ? 1 : 3));
    const byPriority = await bench.load(priorities, fps, seconds);
    onProgress('most of the cameras go');
    const staying = Math.max(1, Math.floor((cameras * STAYING) / OVERLOAD));
    const recoveryS = await bench.recovery(cameras, staying, fps);
    return { model: bench.modelName, carriedPerS, equal, byPriority, recoveryS };
  } finally {
    await bench.close();
  }
}

class OverloadBench {
  readonly #clock = new SystemClock();
  readonly #runtime: ModelRuntime;
  readonly #pipelines = new Map<string, CameraPipeline>();
  /** From a frame being complete in memory to its tracks, ms. */
  #latenciesMs: number[] = [];
  readonly #log: Logger;

  constructor(model: string, log: Logger) {
    this.#log = log;
    this.#runtime = new ModelRuntime({
      ...{ name: 'default', config: modelSchema.parse({ file: model }), baseDir: process.cwd() },
      ...{ clock: this.#clock, random: Math.random, log },
    });
  }

  get modelName(): string {
    return this.#runtime.model.name;
  }

  start(): Promise<void> {
    return this.#runtime.start(new AbortController().signal);
  }

  async close(): Promise<void> {
    await this.#closeCameras([...this.#pipelines.keys()]);
    await this.#runtime.close(CLOSE_DEADLINE_MS);
  }

  /** By two cameras that wait for inference, so that one picture is drawn while the other is inferred. */
  async carried(): Promise<number> {
    await this.#openCameras([1, 1], 30, 'realtime=0');
    await this.#clock.sleep(1_000);
    const before = this.#count('inferred');
    await this.#clock.sleep(CARRIED_S * 1000);
    const perS = (this.#count('inferred') - before) / CARRIED_S;
    await this.#closeCameras([...this.#pipelines.keys()]);
    return perS;
  }

  async load(priorities: readonly number[], fps: number, seconds: number): Promise<LoadedSpan> {
    const governor = await this.#governed(priorities, fps);
    await this.#clock.sleep(SETTLE_S * 1000);
    const pipelines = [...this.#pipelines.values()];
    this.#latenciesMs = [];
    const before = pipelines.map(({ stats }) => stats.frames.snapshot());
    await this.#clock.sleep(seconds * 1000);
    const { level } = governor.status;
    const grown = (outcome: FrameOutcome) =>
      pipelines.map(({ stats }, i) => stats.frames.get(outcome) - (before[i]![outcome] ?? 0));
    const inferred = grown('inferred');
    const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
    const span = {
      cameras: pipelines.length,
      offeredPerS: total(grown('captured')) / seconds,
      inferredPerS: total(inferred) / seconds,
      shares: inferred.map((count, i) => ({ priority: priorities[i]!, inferred: count })),
      jainIndex: jainIndex(inferred.map((count, i) => count / priorities[i]!)),
      level,
      ...runTimes(pipelines),
      frameToEventP50Ms: quantile(this.#latenciesMs, 0.5),
      frameToEventP95Ms: quantile(this.#latenciesMs, 0.95),
    };
    await governor.close();
    const frames = await this.#closeCameras([...this.#pipelines.keys()]);
    const { captured = 0, ...rest } = frames;
    return { ...span, frames, unaccounted: captured - total(Object.values(rest)) };
  }

  async recovery(cameras: number, staying: number, fps: number): Promise<number | null> {
    const governor = await this.#governed(Array(cameras).fill(1), fps);
    await this.#clock.sleep(SETTLE_S * 1000);
    const closing = this.#closeCameras([...this.#pipelines.keys()].slice(staying));
    const startMonoMs = this.#clock.monoMs();
    let recoveryS: number | null = null;
    let [captured, inferred] = [this.#count('captured'), this.#count('inferred')];
    await closing;
    while (recoveryS === null && this.#clock.monoMs() - startMonoMs < RECOVERY_LIMIT_S * 1000) {
      [captured, inferred] = [this.#count('captured'), this.#count('inferred')];
      await this.#clock.sleep(1_000);
      const share = (this.#count('inferred') - inferred) / Math.max(1, this.#count('captured') - captured);
      if (share >= ALL_SHARE && governor.status.level === 0) {
        recoveryS = (this.#clock.monoMs() - startMonoMs) / 1000;
      }
    }
    await governor.close();
    await this.#closeCameras([...this.#pipelines.keys()]);
    return recoveryS;
  }

  async #governed(priorities: readonly number[], fps: number): Promise<GovernorService> {
    const config = governorSchema.parse({ minFps: 0.5 });
    const models = new Map([['default', this.#runtime]]);
    const governor = new GovernorService({
      config: () => config,
      cameras: this.#pipelines,
      models: () => models,
      host: { latest: null },
      clock: this.#clock,
      log: this.#log,
      onChange() {},
    });
    await this.#openCameras(priorities, fps, 'realtime=1');
    await governor.start(new AbortController().signal);
    return governor;
  }

  /** One after the other through the time between two frames, as cameras do not take their pictures at one moment. */
  async #openCameras(priorities: readonly number[], fps: number, playback: string): Promise<void> {
    for (const [i, priority] of priorities.entries()) {
      const cameraId = `camera${i + 1}`;
      const pipeline = this.#pipeline(cameraId, priority, fps, `sim://scene?seed=${i + 1}&${playback}`);
      this.#pipelines.set(cameraId, pipeline);
      await pipeline.start(new AbortController().signal);
      await this.#clock.sleep(1000 / fps / priorities.length);
    }
  }

  /** @returns what became of all their frames */
  async #closeCameras(cameraIds: readonly string[]): Promise<Partial<Record<FrameOutcome, number>>> {
    const pipelines = cameraIds.map((cameraId) => this.#pipelines.get(cameraId)!);
    for (const cameraId of cameraIds) this.#pipelines.delete(cameraId);
    await Promise.all(pipelines.map((pipeline) => pipeline.close(CLOSE_DEADLINE_MS)));
    // A frame in inference has its end when that ends.
    const usage = () => this.#runtime.scheduler.status().busy;
    while (this.#pipelines.size === 0 && usage() > 0) await this.#clock.sleep(5);
    const frames: Partial<Record<FrameOutcome, number>> = {};
    for (const { stats } of pipelines) {
      for (const [outcome, count] of Object.entries(stats.frames.snapshot())) {
        const name = outcome as FrameOutcome;
        frames[name] = (frames[name] ?? 0) + count;
      }
    }
    return frames;
  }

  #count(outcome: FrameOutcome): number {
    return [...this.#pipelines.values()].reduce((sum, { stats }) => sum + stats.frames.get(outcome), 0);
  }

  #outlet(): PipelineOutlet {
    const tracks = ({ times }: Frame) => this.#latenciesMs.push(this.#clock.wallMs() - times.decodedAtMs);
    return { ...eventsOnly(() => {}), tracks };
  }

  #pipeline(cameraId: string, priority: number, fps: number, address: string): CameraPipeline {
    const { input, minScore } = this.#runtime.model;
    const config = cameraSchema.parse({
      source: address,
      priority,
      detect: { fps },
      motion: { mode: 'off' },
    });
    const clock = this.#clock;
    const source = createFrameSource({
      cameraId,
      source: config.source,
      capture: config.capture,
      detect: { widthPx: input.widthPx, heightPx: input.heightPx, fps },
      pool: new FramePool(4, i420Bytes(input.widthPx, input.heightPx)),
      clock,
      baseDir: process.cwd(),
    });
    return new CameraPipeline({
      ...{ cameraId, config, source, scheduler: this.#runtime.scheduler, minScore, clock },
      ...{ outlet: this.#outlet(), classifiers: new Map(), random: Math.random, log: silentLogger },
      newObjectId: (atMs) => `${cameraId}-${atMs}`,
    });
  }
}

/** Median of the cameras' recent quantiles. */
function runTimes(pipelines: readonly CameraPipeline[]) {
  const of = (q: number) =>
    quantile(
      pipelines.map(({ stats }) => stats.quantileMs('run', q)),
      0.5,
    );
  return { runP50Ms: of(0.5), runP95Ms: of(0.95) };
}

/** Nearest rank; NaN of nothing. */
function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}
