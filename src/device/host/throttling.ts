import type { ThrottlingMetrics } from './host-metrics.ts';
import type { HostTree } from './host-tree.ts';
import type { HwmonChip } from './hwmon.ts';

/**
 * Cooling devices that slow something down: Jetson's alerts; caps on the frequency of processors and GPU; idle injection.
 * Fans, displays, radios and the like cool without costing speed.
 */
const SLOWS_DOWN =
  /-throttle-alert$|^hot-surface-alert$|^(?:thermal-)?(?:cpufreq|devfreq)-|^Processor$|^intel_powerclamp$|^cpuidle-|^(?:cpu|gpu)[-_]balanced$/;
const OVER_CURRENT_COUNTER = /^(oc\d)_(?:event|throt)_cnt$/;
/** Flags of the Raspberry Pi's firmware that hold now; the upper half of the word says what once was. */
const PI_FLAGS = ['under_voltage', 'frequency_capped', 'throttled', 'soft_temperature_limit'] as const;
const PI_FIRMWARE = 'sys/devices/platform/soc/soc:firmware/get_throttled';

interface NamedPath {
  readonly name: string;
  readonly path: string;
}

/** What on this machine would tell that it is slowed down. */
export interface ThrottlingPaths {
  readonly coolers: readonly NamedPath[];
  readonly counters: readonly NamedPath[];
  readonly piFirmware: string | null;
  /** Alarm of the Raspberry Pi's supply voltage. */
  readonly underVoltage: string | null;
}

export async function findThrottling(tree: HostTree, chips: readonly HwmonChip[]): Promise<ThrottlingPaths> {
  const coolers: NamedPath[] = [];
  for (const folder of await tree.matching('sys/class/thermal', /^cooling_device\d+$/)) {
    const name = await tree.text(`${folder}/type`);
    if (name !== null && SLOWS_DOWN.test(name)) coolers.push({ name, path: `${folder}/cur_state` });
  }
  const counters: NamedPath[] = [];
  for (const { folder } of chips.filter(({ name }) => name.startsWith('soctherm'))) {
    for (const path of await tree.matching(folder, OVER_CURRENT_COUNTER)) {
      counters.push({ name: OVER_CURRENT_COUNTER.exec(path.split('/').at(-1)!)![1]!, path });
    }
  }
  const pi = chips.find(({ name }) => name === 'rpi_volt');
  return {
    coolers,
    counters,
    piFirmware: (await tree.text(PI_FIRMWARE)) === null ? null : PI_FIRMWARE,
    underVoltage: pi === undefined ? null : `${pi.folder}/in0_lcrit_alarm`,
  };
}

/** Remembers the counters of the sample before: only one that grew tells of now. */
export class ThrottlingReader {
  readonly #tree: HostTree;
  #before: Readonly<Record<string, number>> | undefined;

  constructor(tree: HostTree) {
    this.#tree = tree;
  }

  async read(paths: ThrottlingPaths): Promise<ThrottlingMetrics> {
    const reasons = new Set<string>();
    let told = false;
    for (const { name, path } of paths.coolers) {
      const state = await this.#tree.number(path);
      if (state !== null) told = true;
      if (state !== null && state > 0) reasons.add(`thermal:${name}`);
    }
    const events: Record<string, number> = {};
    for (const { name, path } of paths.counters) {
      const count = await this.#tree.number(path);
      if (count === null || count < 0) continue;
      told = true;
      events[name] = (events[name] ?? 0) + count;
    }
    for (const [name, count] of Object.entries(events)) {
      if (this.#before !== undefined && count > (this.#before[name] ?? 0))
        reasons.add(`over_current:${name}`);
    }
    this.#before = events;
    for (const flags of [await this.#piFlags(paths), await this.#supplyAlarm(paths)]) {
      if (flags !== null) told = true;
      for (const flag of flags ?? []) reasons.add(flag);
    }
    return { active: told ? reasons.size > 0 : null, reasons: [...reasons], overCurrentEvents: events };
  }

  /** The firmware's word in hexadecimal, such as `50005`. */
  async #piFlags({ piFirmware }: ThrottlingPaths): Promise<string[] | null> {
    const text = piFirmware === null ? null : await this.#tree.text(piFirmware);
    if (text === null || !/^(?:0x)?[0-9a-f]{1,8}$/i.test(text)) return null;
    const word = Number.parseInt(text, 16);
    return PI_FLAGS.filter((_, bit) => (word >> bit) & 1);
  }

  async #supplyAlarm({ underVoltage }: ThrottlingPaths): Promise<string[] | null> {
    const alarm = underVoltage === null ? null : await this.#tree.number(underVoltage);
    return alarm === null ? null : alarm === 0 ? [] : ['under_voltage'];
  }
}
