import type { Clock } from '../../base/clock.ts';
import { type ControlGroup, cpuLimit, findControlGroup, memoryLimit } from './control-group.ts';
import { CpuReader } from './cpu.ts';
import { type FanPaths, findFan, readFan } from './fan.ts';
import { type EmcPaths, findEmc, findGpu, type GpuPaths, readEmc, readGpu } from './gpu.ts';
import type { HostMetrics } from './host-metrics.ts';
import { HostTree } from './host-tree.ts';
import { findHwmonChips } from './hwmon.ts';
import { readMemory, readPressure } from './memory.ts';
import { findRails, type RailPaths, readPower } from './power.ts';
import { findPowerModes, type PowerModes, readPowerMode } from './power-mode.ts';
import { findZones, readThermal, type ZonePaths } from './thermal.ts';
import { findThrottling, type ThrottlingPaths, ThrottlingReader } from './throttling.ts';

/** Drivers may come late in the start of a machine, and chips come and go. */
const LOOK_AROUND_MS = 60_000;

/** What this machine has to be read, found now and then. */
interface Layout {
  readonly group: ControlGroup;
  readonly gpu: GpuPaths | null;
  readonly emc: EmcPaths | null;
  readonly rails: readonly RailPaths[];
  readonly zones: readonly ZonePaths[];
  readonly throttling: ThrottlingPaths;
  readonly powerModes: PowerModes | null;
  readonly fan: FanPaths | null;
}

/**
 * Reads the state of the machine from `/proc` and `/sys`; starts no program. Files are read one after the other, so that a
 * sample takes no more than one of the threads that inference also runs on.
 */
export class HostReader {
  readonly #tree: HostTree;
  readonly #clock: Clock;
  readonly #cpu: CpuReader;
  readonly #throttling: ThrottlingReader;
  #layout: { readonly value: Layout; readonly foundMonoMs: number } | undefined;
  #running: Promise<HostMetrics> | undefined;

  /** @param root where `/proc`, `/sys`, `/etc` and `/var` are looked for */
  constructor(clock: Clock, root = '/') {
    this.#tree = new HostTree(root);
    this.#clock = clock;
    this.#cpu = new CpuReader(this.#tree);
    this.#throttling = new ThrottlingReader(this.#tree);
  }

  /** One sample; who asks while one is taken gets the same. Never rejects: what cannot be read is null. */
  sample(): Promise<HostMetrics> {
    this.#running ??= this.#read().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #read(): Promise<HostMetrics> {
    const tree = this.#tree;
    const layout = await this.#currentLayout();
    const { group, gpu, emc, rails, zones, throttling, powerModes, fan } = layout;
    return {
      cpu: { ...(await this.#cpu.read()), limit: await cpuLimit(tree, group) },
      memory: { ...(await readMemory(tree)), limit: await memoryLimit(tree, group) },
      pressure: {
        cpu: await readPressure(tree, 'cpu'),
        memory: await readPressure(tree, 'memory'),
        io: await readPressure(tree, 'io'),
      },
      gpu: gpu && (await readGpu(tree, gpu)),
      emc: emc && (await readEmc(tree, emc)),
      power: await readPower(tree, rails),
      thermal: await readThermal(tree, zones),
      throttling: await this.#throttling.read(throttling),
      powerMode: powerModes && (await readPowerMode(tree, powerModes)),
      fan: fan && (await readFan(tree, fan)),
      monoMs: this.#clock.monoMs(),
    };
  }

  async #currentLayout(): Promise<Layout> {
    const monoMs = this.#clock.monoMs();
    if (this.#layout === undefined || monoMs - this.#layout.foundMonoMs >= LOOK_AROUND_MS) {
      this.#layout = { value: await this.#lookAround(), foundMonoMs: monoMs };
    }
    return this.#layout.value;
  }

  async #lookAround(): Promise<Layout> {
    const tree = this.#tree;
    const chips = await findHwmonChips(tree);
    return {
      group: await findControlGroup(tree),
      gpu: await findGpu(tree),
      emc: await findEmc(tree),
      rails: await findRails(tree, chips),
      zones: await findZones(tree),
      throttling: await findThrottling(tree, chips),
      powerModes: await findPowerModes(tree),
      fan: await findFan(tree, chips),
    };
  }
}
