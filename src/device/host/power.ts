import type { PowerMetrics, PowerRail } from './host-metrics.ts';
import { type HostTree, scaled } from './host-tree.ts';
import type { HwmonChip } from './hwmon.ts';

/** Where one rail is measured. Paths that are not there read as null. */
export interface RailPaths {
  readonly name: string;
  /** mV */
  readonly voltage: string;
  /** mA */
  readonly current: string;
  readonly limit: string | null;
  /** Some chips and drivers multiply themselves. */
  readonly power: { readonly path: string; readonly perMw: number } | null;
}

/**
 * Rails that feed the whole module: TX1, TX2, Nano, Xavier NX, Orin Nano and NX (`VDD_IN`, in JetPack 4 `POM_5V_IN` and
 * `5V_IN`), Thor (`VIN`). AGX Xavier and AGX Orin have none.
 */
const INPUT_RAILS = new Set(['VDD_IN', 'POM_5V_IN', '5V_IN', 'VIN']);
/** Channels that are wired to nothing, and the sum of the three shunt voltages of an INA3221. */
const NO_RAIL = /^NC$|sum of shunt/i;

/** Rails of INA chips: hwmon from JetPack 5 on, industrial I/O before. */
export async function findRails(tree: HostTree, chips: readonly HwmonChip[]): Promise<readonly RailPaths[]> {
  const rails: RailPaths[] = [];
  for (const { name, folder } of chips) {
    if (name.startsWith('ina3221')) rails.push(...(await railsOfIna3221(tree, folder)));
    else if (/^ina2\d\d/.test(name)) rails.push(await railOfIna2xx(tree, folder, name));
  }
  return rails.length > 0 ? rails : railsOfIndustrialIo(tree);
}

export async function readPower(tree: HostTree, paths: readonly RailPaths[]): Promise<PowerMetrics> {
  const rails: PowerRail[] = [];
  for (const { name, voltage, current, limit, power } of paths) {
    const voltageMv = await tree.number(voltage);
    const currentMa = await tree.number(current);
    const product = voltageMv === null || currentMa === null ? null : (voltageMv * currentMa) / 1000;
    const measured = power === null ? null : scaled(await tree.number(power.path), power.perMw);
    const powerMw = measured ?? scaled(product, 1);
    const limitMa = limit === null ? null : await tree.number(limit);
    rails.push({ name, powerMw, voltageMv, currentMa, limitMa });
  }
  return { totalMw: rails.find(({ name }) => INPUT_RAILS.has(name))?.powerMw ?? null, rails };
}

/** https://docs.kernel.org/hwmon/ina3221.html */
async function railsOfIna3221(tree: HostTree, folder: string): Promise<RailPaths[]> {
  const rails: RailPaths[] = [];
  for (const channel of [1, 2, 3]) {
    const name = await tree.text(`${folder}/in${channel}_label`);
    if (name === null || NO_RAIL.test(name)) continue;
    rails.push({
      name,
      voltage: `${folder}/in${channel}_input`,
      current: `${folder}/curr${channel}_input`,
      limit: `${folder}/curr${channel}_crit`,
      power: null,
    });
  }
  return rails;
}

/** https://docs.kernel.org/hwmon/ina2xx.html, https://docs.kernel.org/hwmon/ina238.html */
async function railOfIna2xx(tree: HostTree, folder: string, chip: string): Promise<RailPaths> {
  const label = (await tree.text(`${folder}/label`)) ?? (await tree.text(`${folder}/device/of_node/label`));
  return {
    name: label ?? chip,
    voltage: `${folder}/in1_input`,
    current: `${folder}/curr1_input`,
    limit: null,
    // µW
    power: { path: `${folder}/power1_input`, perMw: 1000 },
  };
}

/** NVIDIA's driver of JetPack 4. */
async function railsOfIndustrialIo(tree: HostTree): Promise<RailPaths[]> {
  const rails: RailPaths[] = [];
  for (const chip of await tree.matching('sys/bus/i2c/drivers/ina3221x', /^\d+-[0-9a-f]{4}$/)) {
    for (const folder of await tree.matching(chip, /^iio:device\d+$/)) {
      for (const channel of [0, 1, 2]) {
        const name = await tree.text(`${folder}/rail_name_${channel}`);
        if (name === null || NO_RAIL.test(name)) continue;
        rails.push({
          name,
          voltage: `${folder}/in_voltage${channel}_input`,
          current: `${folder}/in_current${channel}_input`,
          limit: `${folder}/crit_current_limit_${channel}`,
          power: { path: `${folder}/in_power${channel}_input`, perMw: 1 },
        });
      }
    }
  }
  return rails;
}
