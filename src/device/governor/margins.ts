import type { GovernorConfig } from '../../config/governor-schema.ts';
import type { HostPressure } from './measurements.ts';

// Measurements as margins for a StepLimiter: below 0 too much, from 1 on room for more.

/** Below the limit by so much more, it is cool enough to try for more. */
const HYSTERESIS_C = 5;
/** A temperature is judged as what it will be so long from now, at the pace of the last while. */
const LOOKAHEAD_MS = 15_000;
const SLOPE_MEMORY_MS = 10_000;
/** One event of the power supply is forgotten after so long. */
const POWER_MEMORY_MS = 60_000;

/** How far the device is from being too hot, with an eye to where it is going: heat comes late and goes late. */
export class ThermalMargin {
  #last: { readonly headroomC: number; readonly monoMs: number } | undefined;
  /** Of the headroom, degrees per ms. */
  #slope = 0;

  /** Room for everything where no sensor says anything. */
  take({ headroomC, thermalThrottling }: HostPressure, limits: GovernorConfig, nowMonoMs: number): number {
    if (headroomC === null) {
      this.#last = undefined;
      return thermalThrottling ? -1 : Number.POSITIVE_INFINITY;
    }
    if (this.#last !== undefined && nowMonoMs > this.#last.monoMs) {
      const elapsedMs = nowMonoMs - this.#last.monoMs;
      const share = 1 - Math.exp(-elapsedMs / SLOPE_MEMORY_MS);
      this.#slope += share * ((headroomC - this.#last.headroomC) / elapsedMs - this.#slope);
    }
    this.#last = { headroomC, monoMs: nowMonoMs };
    const now = (headroomC - limits.headroomC) / HYSTERESIS_C;
    const soon = now + (this.#slope * LOOKAHEAD_MS) / HYSTERESIS_C;
    if (thermalThrottling) return Math.min(now, -0.5);
    // On its way down it needs no further step, unless it is far too hot; on its way up it gets one early.
    if (now < 0 && now >= -1 && soon >= 0) return 0;
    return Math.min(now, soon);
  }
}

/** How long ago the supply could not give what was asked: over-current, under-voltage, power cap. */
export class PowerMargin {
  #eventMonoMs = Number.NEGATIVE_INFINITY;

  take({ powerThrottling }: HostPressure, nowMonoMs: number): number {
    if (powerThrottling) {
      this.#eventMonoMs = nowMonoMs;
      return -0.5;
    }
    return (nowMonoMs - this.#eventMonoMs) / POWER_MEMORY_MS;
  }
}

/** How far the kernel is from running out of memory to give; the tightest of its measures counts. */
export function memoryMargin({ memory }: HostPressure, limits: GovernorConfig): number {
  if (memory === null) return Number.POSITIVE_INFINITY;
  // Half of a limit is where there is room for more again.
  const below = (value: number | null, limit: number) =>
    value === null ? Number.POSITIVE_INFINITY : 2 * (1 - value / limit);
  const free = memory.usedPercent === null ? Number.POSITIVE_INFINITY : 100 - memory.usedPercent;
  const leastFree = 100 - limits.memoryUsedPercent;
  return Math.min(
    below(memory.somePercent, limits.memorySomePercent),
    below(memory.fullPercent, limits.memoryFullPercent),
    // Half as much again as must be free.
    (2 * (free - leastFree)) / leastFree,
  );
}
