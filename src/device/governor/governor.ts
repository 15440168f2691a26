import type { GovernorConfig } from '../../config/governor-schema.ts';
import { memoryMargin, PowerMargin, ThermalMargin } from './margins.ts';
import type { CameraGrant, GovernorDecision, GovernorReason, Measurements } from './measurements.ts';
import { ModelPlan, type Plan } from './model-plan.ts';
import { StepLimiter } from './step-limiter.ts';

/** What one level leaves of the one before. */
const STEP = 0.8;
export const GREATEST_LEVEL = 8;
/** One beyond the levels: rates that cameras keep in any case are given up. */
const EMERGENCY_LEVEL = GREATEST_LEVEL + 1;
/** The level that is reported of overload follows what is planned at this distance, and down after a while. */
const OVERLOAD_BAND = 0.8;
const OVERLOAD_LINGER_MS = 3_000;

/** Heat comes and goes with the heat sink, in minutes; the others within seconds. */
const THERMAL = { levels: EMERGENCY_LEVEL, downDwellMs: 20_000, upDwellMs: 60_000, maxUpDwellMs: 1_800_000 };
const POWER = { levels: EMERGENCY_LEVEL, downDwellMs: 10_000, upDwellMs: 60_000, maxUpDwellMs: 1_800_000 };
const MEMORY = { levels: EMERGENCY_LEVEL, downDwellMs: 5_000, upDwellMs: 15_000, maxUpDwellMs: 600_000 };

/**
 * Decides how much is inferred, so that the device stays within its means: measurements in, most rates and models of the cameras
 * out. No I/O, no clock of its own. To be asked about once a second.
 *
 * Heat, power and memory are resources of which nobody knows what a frame costs: each has a limiter that feels its way from level
 * to level, and the strictest counts. The time of the sessions is known: it is planned. What is granted is divided fairly by
 * priority.
 */
export class Governor {
  readonly #config: GovernorConfig;
  readonly #thermalMargin = new ThermalMargin();
  readonly #powerMargin = new PowerMargin();
  readonly #limiters = {
    temperature: new StepLimiter(THERMAL),
    power: new StepLimiter(POWER),
    memory: new StepLimiter(MEMORY),
  };
  readonly #plans = new Map<string, ModelPlan>();
  readonly #overload = new OverloadLevel();

  constructor(config: GovernorConfig) {
    this.#config = config;
  }

  decide(measured: Measurements): GovernorDecision {
    const { monoMs } = measured;
    const levels = this.#hostLevels(measured);
    const hostLevel = Math.max(...Object.values(levels));
    const plans = this.#planAll(measured, hostLevel);
    const wantedMs = plans.reduce((sum, plan) => sum + plan.wantedMs, 0);
    const grantedMs = plans.reduce((sum, plan) => sum + plan.grantedMs, 0);
    const share = wantedMs === 0 ? 1 : grantedMs / wantedMs;
    const isOverloaded = plans.some(({ overloaded }) => overloaded);
    const overload = this.#overload.update(isOverloaded ? Math.max(0.5, levelsOf(share)) : 0, monoMs);
    const all: Record<GovernorReason, number> = { ...levels, overload };
    const reasons = (Object.keys(all) as GovernorReason[])
      .filter((reason) => all[reason] > 0)
      .sort((a, b) => all[b] - all[a]);
    return {
      level: Math.min(GREATEST_LEVEL, Math.max(hostLevel, overload)),
      share,
      reasons,
      cameras: new Map<string, CameraGrant>(plans.flatMap(({ cameras }) => [...cameras])),
      saveMemory: levels.memory > 0,
    };
  }

  #hostLevels({ host, monoMs }: Measurements): Record<Exclude<GovernorReason, 'overload'>, number> {
    const { temperature, power, memory } = this.#limiters;
    return {
      temperature: temperature.update(this.#thermalMargin.take(host, this.#config, monoMs), monoMs),
      power: power.update(this.#powerMargin.take(host, monoMs), monoMs),
      memory: memory.update(memoryMargin(host, this.#config), monoMs),
    };
  }

  #planAll({ cameras, models, monoMs }: Measurements, hostLevel: number): Plan[] {
    return [...models].flatMap(([name, model]) => {
      const own = cameras.filter((camera) => camera.model === name);
      if (own.length === 0) return [];
      const plan = this.#plans.get(name) ?? new ModelPlan(name, this.#config);
      this.#plans.set(name, plan);
      return plan.plan({
        monoMs,
        share: STEP ** hostLevel,
        emergency: hostLevel >= EMERGENCY_LEVEL,
        cameras: own,
        model,
        smaller: model.smaller === undefined ? undefined : models.get(model.smaller),
      });
    });
  }
}

/** Levels of a share as a number with fractions. */
function levelsOf(share: number): number {
  return Math.log(Math.max(share, 1e-3)) / Math.log(STEP);
}

/** A level that is told to people: it stays while what it stands for wavers. */
class OverloadLevel {
  #level = 0;
  /** Since when less has been enough. */
  #lessMonoMs: number | undefined;

  /** @param levels exact one; 0 while there is no overload */
  update(levels: number, nowMonoMs: number): number {
    const next = levels === 0 ? 0 : Math.min(GREATEST_LEVEL, Math.max(1, Math.round(levels)));
    const isNear = levels > 0 && this.#level > 0 && Math.abs(levels - this.#level) < OVERLOAD_BAND;
    if (isNear || next === this.#level) {
      this.#lessMonoMs = undefined;
      return this.#level;
    }
    if (next < this.#level) {
      this.#lessMonoMs ??= nowMonoMs;
      if (nowMonoMs - this.#lessMonoMs < OVERLOAD_LINGER_MS) return this.#level;
    }
    this.#lessMonoMs = undefined;
    this.#level = next;
    return next;
  }
}
