import type { GovernorConfig } from '../../config/governor-schema.ts';
import type { HostMetrics, ThermalZone } from '../host/host-metrics.ts';
import type { HostPressure, MemoryPressure } from './measurements.ts';

/** What slows a machine down for its supply; everything else is heat. */
const POWER_REASON = /^over_current:|^under_voltage$/;
/** The firmware of the Raspberry Pi says these for heat and for its supply alike. */
const EITHER_REASON = /^(?:frequency_capped|throttled)$/;

/** A sample of the machine as the governor goes by it. */
export function hostPressure(metrics: HostMetrics, config: GovernorConfig): HostPressure {
  const { thermal, throttling, pressure, memory } = metrics;
  const closest = closestZone(thermal.zones, config.maxTemperatureC);
  const power = throttling.reasons.some((reason) => POWER_REASON.test(reason));
  const heat = throttling.reasons.some(
    (reason) => !POWER_REASON.test(reason) && !(power && EITHER_REASON.test(reason)),
  );
  const { limit } = memory;
  const used = limit === null || limit.usedBytes === null ? null : (100 * limit.usedBytes) / limit.bytes;
  const stalls: MemoryPressure = {
    somePercent: pressure.memory?.someAvg10Percent ?? null,
    fullPercent: pressure.memory?.fullAvg10Percent ?? null,
    usedPercent: used === null ? null : Math.round(used * 10) / 10,
  };
  return {
    temperatureC: closest?.temperatureC ?? thermal.hottestC,
    headroomC: closest?.headroomC ?? null,
    thermalThrottling: heat,
    powerThrottling: power,
    memory: Object.values(stalls).every((value) => value === null) ? null : stalls,
  };
}

/** The zone with the least headroom. @param maxTemperatureC goes before what the zones state */
function closestZone(zones: readonly ThermalZone[], maxTemperatureC: number | undefined) {
  const known = zones.flatMap(({ temperatureC, headroomC }) => {
    if (temperatureC === null) return [];
    const left = maxTemperatureC === undefined ? headroomC : maxTemperatureC - temperatureC;
    return left === null ? [] : [{ temperatureC, headroomC: left }];
  });
  return known.reduce<(typeof known)[number] | undefined>(
    (least, zone) => (least === undefined || zone.headroomC < least.headroomC ? zone : least),
    undefined,
  );
}
