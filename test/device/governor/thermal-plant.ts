import type { GovernorConfig } from '../../../src/config/governor-schema.ts';
import { governorSchema } from '../../../src/config/governor-schema.ts';
import { Governor } from '../../../src/device/governor/governor.ts';
import {
  type CameraDemand,
  type GovernorDecision,
  type HostPressure,
  NO_PRESSURE,
} from '../../../src/device/governor/measurements.ts';

export interface PlantOptions {
  readonly cameras: readonly CameraDemand[];
  /** Time that one frame occupies the one session, ms. */
  readonly costMs: number;
  /** Where the kernel throttles. */
  readonly tripC: number;
  /** Rise above the ambient temperature when nothing is inferred, and when the session is always busy. */
  readonly idleRiseC: number;
  readonly fullRiseC: number;
  /** Of the heat sink (first order). */
  readonly timeConstantS: number;
  /** Of the ambient temperature by time in s. */
  readonly ambientC: (atS: number) => number;
  readonly config?: Partial<GovernorConfig>;
}

/**
 * A device as a heat capacity and a resistance to the air (a first-order RC circuit), heated by inference, with the governor
 * in the loop. Its sensor has whole degrees, as many do.
 */
export class ThermalPlant {
  readonly options: PlantOptions;
  readonly governor: Governor;
  temperatureC: number;
  atS = 0;
  decision: GovernorDecision | undefined;
  /** Seconds at which the level changed. */
  readonly changesS: number[] = [];

  constructor(options: PlantOptions) {
    this.options = options;
    this.governor = new Governor(governorSchema.parse(options.config ?? {}));
    this.temperatureC = options.ambientC(0) + options.idleRiseC;
  }

  /** Inferred frames per second of a camera. */
  rateOf(cameraId: string): number {
    const { fps } = this.options.cameras.find((camera) => camera.cameraId === cameraId)!;
    return Math.min(fps, this.decision?.cameras.get(cameraId)?.fps ?? Number.POSITIVE_INFINITY);
  }

  get utilisation(): number {
    const rate = this.options.cameras.reduce((sum, { cameraId }) => sum + this.rateOf(cameraId), 0);
    return Math.min(1, (rate * this.options.costMs) / 1000);
  }

  /** @param each hears the plant after every second */
  run(forS: number, each: (plant: ThermalPlant) => void = () => {}): void {
    const { tripC, idleRiseC, fullRiseC, timeConstantS, ambientC, cameras, costMs } = this.options;
    for (const endS = this.atS + forS; this.atS < endS; this.atS++) {
      const targetC = ambientC(this.atS) + idleRiseC + (fullRiseC - idleRiseC) * this.utilisation;
      this.temperatureC += (targetC - this.temperatureC) / timeConstantS;
      const temperatureC = Math.round(this.temperatureC);
      const host: HostPressure = { ...NO_PRESSURE, temperatureC, headroomC: tripC - temperatureC };
      const before = this.decision?.level ?? 0;
      this.decision = this.governor.decide({
        monoMs: this.atS * 1000,
        host,
        cameras,
        models: new Map([['default', { sessions: 1, costMs }]]),
      });
      if (this.decision.level !== before) this.changesS.push(this.atS);
      each(this);
    }
  }
}
