import type { EmcMetrics, GpuMetrics } from './host-metrics.ts';
import { type HostTree, scaled } from './host-tree.ts';

const DEVFREQ = 'sys/class/devfreq';
/** Names that the integrated GPU has had: T210, TX2, Xavier, Orin, Orin from JetPack 6 on. */
const INTEGRATED_GPU = /^(?:[0-9a-f]+\.)?(?:gm20b|gp10b|gv11b|ga10b|gpu)(?:\.0)?$/;
/** Thor: one for the graphics clusters, another (`gpu-nvd-0`) for its video engines, which is not the load that is meant. */
const THOR_GPU = 'gpu-gpc-0';
const HZ_PER_MHZ = 1e6;

/** Where this machine tells of its GPU; null paths are not there. */
export interface GpuPaths {
  readonly name: string;
  readonly load: string | null;
  /** The load is written in tenths of a percent. */
  readonly loadInTenths: boolean;
  readonly frequency: string | null;
  readonly maxFrequency: string | null;
  /** Of what the two frequencies say. */
  readonly hzPerUnit: number;
}

/**
 * The GPU of the board, or the first graphics card whose driver tells of itself in sysfs (amdgpu, i915). NVIDIA's cards and
 * Thor's load are known to NVML alone.
 */
export async function findGpu(tree: HostTree): Promise<GpuPaths | null> {
  return (await findIntegratedGpu(tree)) ?? (await findGraphicsCard(tree));
}

export async function readGpu(tree: HostTree, paths: GpuPaths): Promise<GpuMetrics> {
  const mhz = async (path: string | null) =>
    path === null ? null : scaled(await tree.number(path), HZ_PER_MHZ / paths.hzPerUnit);
  const load =
    paths.load === null ? null : scaled(await tree.number(paths.load), paths.loadInTenths ? 10 : 1, 1);
  return {
    name: paths.name,
    loadPercent: load !== null && load >= 0 && load <= 100 ? load : null,
    frequencyMhz: await mhz(paths.frequency),
    maxFrequencyMhz: await mhz(paths.maxFrequency),
  };
}

async function findIntegratedGpu(tree: HostTree): Promise<GpuPaths | null> {
  const devfreq = await gpuOfDevfreq(tree);
  const load = await tree.firstWithNumber([
    ...(devfreq === null ? [] : [`${DEVFREQ}/${devfreq}/device/load`]),
    ...(await gpuFolders(tree)).map((folder) => `${folder}/load`),
  ]);
  if (devfreq === null && load === null) return null;
  const folder = devfreq === null ? null : `${DEVFREQ}/${devfreq}`;
  return {
    name: devfreq ?? load!.split('/').at(-2)!,
    load,
    loadInTenths: true,
    frequency: folder && `${folder}/cur_freq`,
    maxFrequency: folder && `${folder}/max_freq`,
    hzPerUnit: 1,
  };
}

async function gpuOfDevfreq(tree: HostTree): Promise<string | null> {
  const names = await tree.names(DEVFREQ);
  if (names.includes(THOR_GPU)) return THOR_GPU;
  for (const name of names) {
    const node = await tree.text(`${DEVFREQ}/${name}/device/of_node/name`);
    if (INTEGRATED_GPU.test(node ?? name)) return name;
  }
  return null;
}

/** Folders of the GPU's device: `/sys/devices/gpu.0`, `/sys/devices/17000000.ga10b`, `/sys/devices/platform/bus@0/17000000.gpu`. */
async function gpuFolders(tree: HostTree): Promise<string[]> {
  const folders: string[] = [];
  for (const parent of ['sys/devices', 'sys/devices/platform', 'sys/devices/platform/bus@0']) {
    folders.push(...(await tree.matching(parent, INTEGRATED_GPU)));
  }
  return folders;
}

async function findGraphicsCard(tree: HostTree): Promise<GpuPaths | null> {
  for (const card of await tree.matching('sys/class/drm', /^card\d+$/)) {
    const load = await tree.firstWithNumber([`${card}/device/gpu_busy_percent`]);
    const frequency = await tree.firstWithNumber([`${card}/gt_act_freq_mhz`, `${card}/gt_cur_freq_mhz`]);
    if (load === null && frequency === null) continue;
    const maxFrequency = frequency && `${card}/gt_max_freq_mhz`;
    const name = card.split('/').at(-1)!;
    return { name, load, loadInTenths: false, frequency, maxFrequency, hzPerUnit: HZ_PER_MHZ };
  }
  return null;
}

export interface EmcPaths {
  readonly frequency: string;
  readonly maxFrequency: string;
  /** Average activity; divided by the frequency in kHz it is a percentage. */
  readonly activity: string | null;
}

/** Kernel debugging files of the power processor (root only), and Thor's devfreq. */
export async function findEmc(tree: HostTree): Promise<EmcPaths | null> {
  const bpmp = 'sys/kernel/debug/bpmp/debug/clk/emc';
  const frequency = await tree.firstWithNumber([
    `${bpmp}/rate`,
    `${DEVFREQ}/bwmgr/cur_freq`,
    'sys/kernel/debug/clk/override.emc/clk_rate',
  ]);
  if (frequency === null) return null;
  const activity = await tree.firstWithNumber([
    'sys/kernel/debug/cactmon/mc_all',
    'sys/kernel/debug/bpmp/debug/actmon/mc_all_avg_activity',
    'sys/kernel/actmon_avg_activity/mc_all',
  ]);
  const maxFrequency = frequency.startsWith(bpmp)
    ? `${bpmp}/max_rate`
    : frequency.startsWith(DEVFREQ)
      ? `${DEVFREQ}/bwmgr/max_freq`
      : 'sys/kernel/debug/tegra_bwmgr/emc_max_rate';
  return { frequency, maxFrequency, activity };
}

export async function readEmc(tree: HostTree, paths: EmcPaths): Promise<EmcMetrics> {
  const hz = await tree.number(paths.frequency);
  const activity = paths.activity === null ? null : await tree.number(paths.activity);
  const loadPercent = activity === null || !hz || hz <= 0 ? null : Math.round(activity / (hz / 1000));
  return {
    frequencyMhz: scaled(hz, HZ_PER_MHZ),
    maxFrequencyMhz: scaled(await tree.number(paths.maxFrequency), HZ_PER_MHZ),
    loadPercent: loadPercent !== null && loadPercent >= 0 && loadPercent <= 100 ? loadPercent : null,
  };
}
