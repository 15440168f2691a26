import type { CameraDemand, ModelLoad } from '../device/governor/measurements.ts';
import type { CameraPipeline } from './camera-pipeline.ts';
import type { InferenceWishes } from './inference-lane.ts';
import type { ModelRuntime } from './model-runtime.ts';

/** Over which past cameras' wishes and costs of models are averaged. */
const MEMORY_MS = 3_000;

interface CameraMemory {
  readonly wishes: InferenceWishes;
  /** Of the frames that are looked at, those that are worth inferring, 0..1. */
  readonly activity: number;
}

interface ModelMemory {
  readonly runs: number;
  readonly busyMs: number;
  readonly costMs: number | null;
}

/** Measures what cameras want of inference and what it costs, from counts that are kept anyway. */
export class LoadMeter {
  readonly #cameras: ReadonlyMap<string, CameraPipeline>;
  readonly #models: () => ReadonlyMap<string, ModelRuntime>;
  #cameraMemory = new Map<string, CameraMemory>();
  #modelMemory = new Map<string, ModelMemory>();
  #monoMs: number | undefined;

  /** Both are read at every turn: cameras and models come and go. */
  constructor(cameras: ReadonlyMap<string, CameraPipeline>, models: () => ReadonlyMap<string, ModelRuntime>) {
    this.#cameras = cameras;
    this.#models = models;
  }

  /** Time that a frame occupies a session of the model, ms; null before the first. */
  costMs(model: string): number | null {
    return this.#modelMemory.get(model)?.costMs ?? null;
  }

  /** Since the last call. */
  measure(monoMs: number): { cameras: CameraDemand[]; models: Map<string, ModelLoad> } {
    const elapsedMs = this.#monoMs === undefined ? 0 : monoMs - this.#monoMs;
    const share = 1 - Math.exp(-elapsedMs / MEMORY_MS);
    this.#monoMs = monoMs;
    return { cameras: this.#measureCameras(share), models: this.#measureModels(share) };
  }

  /** Not those whose source waits for inference: they want as much as there is, and lose nothing. */
  #measureCameras(share: number): CameraDemand[] {
    const before = this.#cameraMemory;
    this.#cameraMemory = new Map();
    return [...this.#cameras].flatMap(([cameraId, pipeline]) => {
      if (pipeline.waits) return [];
      const { wishes } = pipeline.inference;
      const last = before.get(cameraId) ?? { wishes: { looked: 0, wanted: 0 }, activity: 0 };
      const looked = wishes.looked - last.wishes.looked;
      const isWorth = looked <= 0 ? last.activity : (wishes.wanted - last.wishes.wanted) / looked;
      const activity = last.activity + share * (isWorth - last.activity);
      this.#cameraMemory.set(cameraId, { wishes, activity });
      const { priority, model } = pipeline.config;
      const isOn = pipeline.enabled && pipeline.detecting;
      const fps = isOn ? Math.min(pipeline.captureFps, pipeline.inference.fps) * activity : 0;
      return { cameraId, priority, model, fps };
    });
  }

  #measureModels(share: number): Map<string, ModelLoad> {
    const models = this.#models();
    const loads = new Map([...models].map(([name, runtime]) => [name, this.#load(name, runtime, share)]));
    for (const [name, { costMs, smaller }] of loads) {
      const other = smaller === undefined ? undefined : loads.get(smaller);
      if (smaller === undefined || other === undefined || other.costMs !== null || costMs === null) continue;
      // Not known until it is tried: about in proportion to its pixels.
      const pixels = (model: string) => {
        const { widthPx, heightPx } = models.get(model)!.model.input;
        return widthPx * heightPx;
      };
      loads.set(smaller, { ...other, costMs: costMs * Math.min(1, pixels(smaller) / pixels(name)) });
    }
    return loads;
  }

  #load(name: string, runtime: ModelRuntime, share: number): ModelLoad {
    const { healthy, returned: runs, busyMs } = runtime.scheduler.progress();
    const sessions = Math.max(1, healthy);
    const last = this.#modelMemory.get(name) ?? { runs: 0, busyMs: 0, costMs: null };
    const ran = runs - last.runs;
    const costNow = ran === 0 ? last.costMs : (busyMs - last.busyMs) / ran;
    const costMs =
      last.costMs === null || costNow === null ? costNow : last.costMs + share * (costNow - last.costMs);
    this.#modelMemory.set(name, { runs, busyMs, costMs });
    return { sessions, costMs, smaller: runtime.smaller };
  }
}
