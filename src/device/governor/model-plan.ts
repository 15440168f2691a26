import type { GovernorConfig } from '../../config/governor-schema.ts';
import type { CameraDemand, CameraGrant, ModelLoad } from './measurements.ts';
import { type Claim, shareOut } from './water-level.ts';

/** In an emergency a camera may be left with this; more often than `track.lostMs` allows objects to be unseen. */
const EMERGENCY_FPS = 0.5;
/** What is wanted must be so much more than what is planned before it counts as overload; after that, just more. */
const OVERLOAD_MARGIN = 1.1;
/** Below this share of what is wanted cameras are moved to the smaller model; one comes back where it would leave this. */
const SMALLER_BELOW = 0.5;
const LARGER_ABOVE = 0.75;
const SMALLER_DWELL_MS = 5_000;
const LARGER_DWELL_MS = 60_000;
export interface PlanInput {
  readonly monoMs: number;
  /** Of what is wanted, 0..1, for the sake of the host. */
  readonly share: number;
  /** The rates that cameras keep in any case may be given up. */
  readonly emergency: boolean;
  /** Cameras that are configured for the model. */
  readonly cameras: readonly CameraDemand[];
  readonly model: ModelLoad;
  /** The model that may take its place. */
  readonly smaller: ModelLoad | undefined;
}

export interface Plan {
  readonly cameras: ReadonlyMap<string, CameraGrant>;
  /** Time of sessions per second, ms: what is wanted of the model as configured, and what is granted. */
  readonly wantedMs: number;
  readonly grantedMs: number;
  /** More is wanted than the sessions can give. */
  readonly overloaded: boolean;
}

/** Divides one model's time among its cameras: first by their rates, then by moving some to a smaller model. */
export class ModelPlan {
  readonly #name: string;
  readonly #config: GovernorConfig;
  #overloaded = false;
  readonly #moved = new Set<string>();
  #movedMonoMs = Number.NEGATIVE_INFINITY;

  constructor(name: string, config: GovernorConfig) {
    this.#name = name;
    this.#config = config;
  }

  /** To be called about once a second. Pure but for what it remembers of the last call. */
  plan(input: PlanInput): Plan {
    const { cameras, model } = input;
    const costMs = model.costMs ?? 0;
    const wantedMs = cameras.reduce((sum, { fps }) => sum + fps * costMs, 0);
    const capacityMs = 10 * this.#config.utilisationPercent * model.sessions;
    this.#overloaded = wantedMs > capacityMs * (this.#overloaded ? 1 : OVERLOAD_MARGIN);
    const limitMs = this.#overloaded ? capacityMs : Math.max(capacityMs, wantedMs);
    const budgetMs = input.share < 1 ? input.share * Math.min(wantedMs, limitMs) : limitMs;
    this.#chooseModels(input, budgetMs);
    const shares = this.#shares(input, budgetMs);
    const maxWaitMs = this.#overloaded ? this.#config.maxWaitMs : null;
    const grants = cameras.map(({ cameraId }, i): [string, CameraGrant] => {
      const fps = shares[i]!;
      const isLimited = Number.isFinite(fps);
      return [
        cameraId,
        {
          fps: isLimited ? fps : null,
          model: this.#modelOf(cameraId, input),
          maxWaitMs: isLimited ? maxWaitMs : null,
        },
      ];
    });
    const grantedMs = cameras.reduce((sum, { fps }, i) => sum + Math.min(fps, shares[i]!) * costMs, 0);
    return { cameras: new Map(grants), wantedMs, grantedMs, overloaded: this.#overloaded };
  }

  #modelOf(cameraId: string, { smaller, model }: PlanInput): string {
    return smaller !== undefined && model.smaller !== undefined && this.#moved.has(cameraId)
      ? model.smaller
      : this.#name;
  }

  #shares(
    { cameras, model, smaller, emergency }: PlanInput,
    budgetMs: number,
    moved: ReadonlySet<string> = this.#moved,
  ): readonly number[] {
    const costMs = model.costMs ?? 0;
    const smallerMs = smaller?.costMs ?? costMs;
    const claims = cameras.map(
      ({ cameraId, priority, fps }): Claim => ({
        weight: priority,
        wanted: fps,
        cost: smaller !== undefined && moved.has(cameraId) ? smallerMs : costMs,
      }),
    );
    const floors = emergency ? [EMERGENCY_FPS] : [this.#config.minFps, EMERGENCY_FPS];
    return shareOut(claims, budgetMs, floors);
  }

  /** Moves cameras to the smaller model, least priority first, or one back. */
  #chooseModels(input: PlanInput, budgetMs: number): void {
    const { cameras, smaller, monoMs } = input;
    const known = new Set(cameras.map(({ cameraId }) => cameraId));
    for (const cameraId of this.#moved) if (!known.has(cameraId)) this.#moved.delete(cameraId);
    if (smaller === undefined) return;
    const wanted = cameras.reduce((sum, { fps }) => sum + fps, 0);
    const shareWith = (moved: ReadonlySet<string>) => {
      const most = this.#shares(input, budgetMs, moved);
      const given = cameras.reduce((sum, { fps }, i) => sum + Math.min(fps, most[i]!), 0);
      return wanted === 0 ? 1 : given / wanted;
    };
    const byPriority = [...cameras].sort((a, b) => a.priority - b.priority).map(({ cameraId }) => cameraId);
    const sinceMs = monoMs - this.#movedMonoMs;
    const before = this.#moved.size;
    if (sinceMs >= SMALLER_DWELL_MS) {
      for (const cameraId of byPriority) {
        if (shareWith(this.#moved) >= SMALLER_BELOW) break;
        this.#moved.add(cameraId);
      }
    }
    if (before > 0 && this.#moved.size === before) {
      if (sinceMs >= SMALLER_DWELL_MS && shareWith(new Set()) >= 1) this.#moved.clear();
      const last = byPriority.findLast((cameraId) => this.#moved.has(cameraId));
      if (last !== undefined && sinceMs >= LARGER_DWELL_MS) {
        const fewer = new Set([...this.#moved].filter((cameraId) => cameraId !== last));
        if (shareWith(fewer) >= LARGER_ABOVE) this.#moved.delete(last);
      }
    }
    if (this.#moved.size !== before) this.#movedMonoMs = monoMs;
  }
}
