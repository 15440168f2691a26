import type { MemoryMetrics } from './host-metrics.ts';
import { type HostTree, numberOf } from './host-tree.ts';

// Limits of the control group that this program runs in, version 1 and 2:
// https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html

/** Where `/sys/fs/cgroup` has what, and what its files are called. */
interface Hierarchy {
  readonly folder: string;
  readonly limit: string;
  readonly used: string;
  /** The key in `memory.stat` of file pages that are given back first, and so do not count as used. */
  readonly reclaimable: string;
}

const VERSION_2: Omit<Hierarchy, 'folder'> = {
  limit: 'memory.max',
  used: 'memory.current',
  reclaimable: 'inactive_file',
};
const VERSION_1: Omit<Hierarchy, 'folder'> = {
  limit: 'memory.limit_in_bytes',
  used: 'memory.usage_in_bytes',
  reclaimable: 'total_inactive_file',
};
/** Version 1 writes "no limit" as a number near 2^63. */
const NO_LIMIT_BYTES = 2 ** 60;
const ROOT = 'sys/fs/cgroup';

/** The paths of a program's control group, from `/proc/self/cgroup`. */
export interface ControlGroup {
  readonly memory: readonly Hierarchy[];
  readonly cpu: readonly { readonly folder: string; readonly version: 1 | 2 }[];
}

/** @returns its group and all above it, innermost first: a limit of any of them holds */
export async function findControlGroup(tree: HostTree): Promise<ControlGroup> {
  const lines = (await tree.text('proc/self/cgroup'))?.split('\n') ?? [];
  const pathOf = (isIt: (controllers: string[], id: string) => boolean) =>
    lines
      .map((line) => /^(\d+):([^:]*):(\/.*)$/.exec(line))
      .find((match) => match && isIt(match[2]!.split(','), match[1]!))?.[3];
  const unified = pathOf(([first], id) => id === '0' && first === '');
  const memory = pathOf((controllers) => controllers.includes('memory'));
  const cpu = pathOf((controllers) => controllers.includes('cpu'));
  const version2 = upwards(ROOT, unified);
  return {
    memory:
      memory === undefined
        ? version2.map((folder) => ({ folder, ...VERSION_2 }))
        : upwards(`${ROOT}/memory`, memory).map((folder) => ({ folder, ...VERSION_1 })),
    cpu:
      cpu === undefined
        ? version2.map((folder) => ({ folder, version: 2 as const }))
        : upwards(`${ROOT}/cpu`, cpu).map((folder) => ({ folder, version: 1 as const })),
  };
}

/** The tightest memory limit. */
export async function memoryLimit(tree: HostTree, group: ControlGroup): Promise<MemoryMetrics['limit']> {
  let tightest: { bytes: number; at: Hierarchy } | undefined;
  for (const at of group.memory) {
    const bytes = await tree.number(`${at.folder}/${at.limit}`);
    if (bytes === null || bytes <= 0 || bytes >= NO_LIMIT_BYTES) continue;
    if (tightest === undefined || bytes < tightest.bytes) tightest = { bytes, at };
  }
  if (tightest === undefined) return null;
  const { bytes, at } = tightest;
  const used = await tree.number(`${at.folder}/${at.used}`);
  const stat = await tree.text(`${at.folder}/memory.stat`);
  const reclaimable = numberOf(new RegExp(`^${at.reclaimable} (\\d+)$`, 'm').exec(stat ?? '')?.[1]) ?? 0;
  return { bytes, usedBytes: used === null ? null : Math.max(0, used - reclaimable) };
}

/** Processors that may be used at once: the tightest quota over its period. */
export async function cpuLimit(tree: HostTree, group: ControlGroup): Promise<number | null> {
  const limits: number[] = [];
  for (const { folder, version } of group.cpu) {
    const [quota, period] =
      version === 2
        ? ((await tree.text(`${folder}/cpu.max`))?.split(' ').map((field) => numberOf(field)) ?? [])
        : [await tree.number(`${folder}/cpu.cfs_quota_us`), await tree.number(`${folder}/cpu.cfs_period_us`)];
    if (quota && quota > 0 && period && period > 0) limits.push(quota / period);
  }
  return limits.length === 0 ? null : Math.round(Math.min(...limits) * 100) / 100;
}

/** In a container `path` may be one of the host, of which only the root is mounted: the root is among the results. */
function upwards(root: string, path: string | undefined): string[] {
  if (path === undefined) return [];
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return parts.map((_, i) => `${root}/${parts.slice(0, parts.length - i).join('/')}`).concat(root);
}
