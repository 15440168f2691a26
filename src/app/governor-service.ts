import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Service } from '../base/service.ts';
import type { GovernorConfig } from '../config/governor-schema.ts';
import { Governor } from '../device/governor/governor.ts';
import { hostPressure } from '../device/governor/host-pressure.ts';
import {
  type GovernorDecision,
  type GovernorReason,
  type HostPressure,
  NO_PRESSURE,
} from '../device/governor/measurements.ts';
import type { HostMonitor } from '../device/host/host-monitor.ts';
import type { CameraPipeline } from './camera-pipeline.ts';
import { LoadMeter } from './load-meter.ts';
import type { ModelRuntime } from './model-runtime.ts';

const PERIOD_MS = 1_000;
/** Older samples of the host do not count. */
const STALE_MS = 30_000;

export interface GovernorParts {
  /** In force. */
  readonly config: () => GovernorConfig;
  /** Read at every turn: cameras and models come and go. */
  readonly cameras: ReadonlyMap<string, CameraPipeline>;
  readonly models: () => ReadonlyMap<string, ModelRuntime>;
  readonly host: Pick<HostMonitor, 'latest'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** The level or its reasons changed. */
  readonly onChange: () => void;
}

/** What the governor does and why, for people and programs. */
export interface GovernorStatus {
  readonly enabled: boolean;
  /** 0: everything that is wanted is inferred; 8: about a sixth of it. */
  readonly level: number;
  readonly reasons: readonly GovernorReason[];
  /** Of the inference that is wanted, what is granted, percent. */
  readonly grantedPercent: number;
  readonly temperatureC: number | null;
  /** Degrees to where the kernel throttles. */
  readonly headroomC: number | null;
  readonly memorySomePercent: number | null;
  readonly memoryFullPercent: number | null;
  readonly memoryUsedPercent: number | null;
  /** No further viewer is let in, and best views have the size of detection. */
  readonly savesMemory: boolean;
}

/** Asks the governor once a second and does what it says. */
export class GovernorService implements Service {
  readonly name = 'governor';
  readonly #parts: GovernorParts;
  #config: GovernorConfig;
  #governor: Governor;
  readonly #meter: LoadMeter;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #host: HostPressure = NO_PRESSURE;
  #decision: GovernorDecision | undefined;

  constructor(parts: GovernorParts) {
    this.#parts = parts;
    this.#config = parts.config();
    this.#governor = new Governor(this.#config);
    this.#meter = new LoadMeter(parts.cameras, parts.models);
  }

  get status(): GovernorStatus {
    const { memory, temperatureC, headroomC } = this.#host;
    const decision = this.#decision;
    return {
      enabled: this.#config.enabled,
      level: decision?.level ?? 0,
      reasons: decision?.reasons ?? [],
      grantedPercent: Math.round(100 * (decision?.share ?? 1)),
      temperatureC,
      headroomC,
      memorySomePercent: memory?.somePercent ?? null,
      memoryFullPercent: memory?.fullPercent ?? null,
      memoryUsedPercent: memory?.usedPercent ?? null,
      savesMemory: this.savesMemory,
    };
  }

  /** Nothing may be begun that takes memory of its own. */
  get savesMemory(): boolean {
    return this.#decision?.saveMemory ?? false;
  }

  async start(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#running = this.#run(this.#closing.signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      this.#turn();
      // Rejects when it is closed, which the loop looks at next.
      await clock.sleep(PERIOD_MS, signal).catch(() => {});
    }
  }

  #turn(): void {
    this.#takeOver(this.#parts.config());
    if (!this.#config.enabled) return;
    const { cameras, clock, host } = this.#parts;
    const monoMs = clock.monoMs();
    const sample = host.latest;
    // A sensor that hangs says nothing of now.
    const isFresh = sample !== null && monoMs - sample.monoMs <= STALE_MS;
    this.#host = isFresh ? hostPressure(sample, this.#config) : NO_PRESSURE;
    const decision = this.#governor.decide({ monoMs, host: this.#host, ...this.#meter.measure(monoMs) });
    for (const [cameraId, grant] of decision.cameras) cameras.get(cameraId)?.inference.govern(grant);
    const before = this.#decision;
    this.#decision = decision;
    const isNews =
      decision.level !== (before?.level ?? 0) || decision.reasons.join() !== (before?.reasons ?? []).join();
    if (isNews) this.#tell(decision, decision.level > (before?.level ?? 0));
  }

  /** Begins anew by other limits. One that is switched off lifts what it has granted. */
  #takeOver(config: GovernorConfig): void {
    if (isDeepStrictEqual(config, this.#config)) return;
    this.#config = config;
    this.#governor = new Governor(config);
    if (config.enabled) return;
    for (const { config: camera, inference } of this.#parts.cameras.values()) {
      inference.govern({ fps: null, model: camera.model, maxWaitMs: null });
    }
    this.#host = NO_PRESSURE;
    this.#decision = undefined;
    this.#parts.log.info({}, 'inference is not limited any more: the governor is off');
    this.#parts.onChange();
  }

  #tell(decision: GovernorDecision, isRise: boolean): void {
    const { log, onChange, models } = this.#parts;
    const limited = [...decision.cameras].flatMap(([cameraId, { fps, model }]) =>
      fps === null ? [] : [[cameraId, { fps: Math.round(fps * 100) / 100, model }] as const],
    );
    const runMs = [...models()].map(([name]) => [name, this.#meter.costMs(name)] as const);
    const { enabled: _, ...status } = this.status;
    const fields = { ...status, runMs: Object.fromEntries(runMs), cameras: Object.fromEntries(limited) };
    if (decision.level === 0) log.info(fields, 'inference is not limited any more');
    else if (isRise) log.warn(fields, 'inference is limited further, to stay within the means of the device');
    else log.info(fields, 'inference is limited less or for another reason');
    onChange();
  }
}
