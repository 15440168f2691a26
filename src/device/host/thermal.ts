import type { ThermalMetrics, ThermalZone } from './host-metrics.ts';
import { type HostTree, scaled } from './host-tree.ts';

/** A zone and what does not change of it. */
export interface ZonePaths {
  readonly name: string;
  readonly temperature: string;
  readonly throttleAtC: number | null;
  readonly shutdownAtC: number | null;
}

const FOLDER = 'sys/class/thermal';

/** The kernel's thermal zones, https://docs.kernel.org/driver-api/thermal/sysfs-api.html, with their trip points. */
export async function findZones(tree: HostTree): Promise<readonly ZonePaths[]> {
  const zones: ZonePaths[] = [];
  for (const folder of await tree.matching(FOLDER, /^thermal_zone\d+$/)) {
    const name = await tree.text(`${folder}/type`);
    if (name === null) continue;
    const trips = await tripPoints(tree, folder);
    const lowest = (...kinds: string[]) => {
      const degrees = trips.filter(({ kind }) => kinds.includes(kind)).map(({ atC }) => atC);
      return degrees.length === 0 ? null : Math.min(...degrees);
    };
    zones.push({
      name,
      temperature: `${folder}/temp`,
      throttleAtC: lowest('passive', 'hot'),
      shutdownAtC: lowest('critical'),
    });
  }
  return zones;
}

export async function readThermal(tree: HostTree, paths: readonly ZonePaths[]): Promise<ThermalMetrics> {
  const zones: ThermalZone[] = [];
  for (const { name, temperature, throttleAtC, shutdownAtC } of paths) {
    const temperatureC = plausible(await tree.number(temperature));
    const limitC = Math.min(throttleAtC ?? Infinity, shutdownAtC ?? Infinity);
    const headroomC =
      temperatureC === null || limitC === Infinity ? null : scaled(limitC - temperatureC, 1, 1);
    zones.push({ name, temperatureC, throttleAtC, shutdownAtC, headroomC });
  }
  const known = zones.flatMap(({ temperatureC }) => temperatureC ?? []);
  const headrooms = zones.flatMap(({ headroomC }) => headroomC ?? []);
  return {
    zones,
    hottestC: known.length === 0 ? null : Math.max(...known),
    headroomC: headrooms.length === 0 ? null : Math.min(...headrooms),
  };
}

/** `active` trip points turn on a fan and are no limit; those that are switched off are at zero or below. */
async function tripPoints(tree: HostTree, folder: string): Promise<{ kind: string; atC: number }[]> {
  const trips: { kind: string; atC: number }[] = [];
  for (const file of await tree.matching(folder, /^trip_point_\d+_temp$/)) {
    const kind = await tree.text(file.replace(/temp$/, 'type'));
    const atC = plausible(await tree.number(file));
    if (kind !== null && atC !== null && atC > 0) trips.push({ kind, atC });
  }
  return trips;
}

/** Millidegrees to degrees Celsius. A sensor that is switched off reads as absolute zero or so, or not at all. */
function plausible(millidegrees: number | null): number | null {
  const degrees = scaled(millidegrees, 1000, 1);
  return degrees !== null && degrees > -50 && degrees < 200 ? degrees : null;
}
