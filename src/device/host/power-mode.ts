import type { PowerMode } from './host-metrics.ts';
import type { HostTree } from './host-tree.ts';

/** A table of modes is some 20 KiB of clocks. */
const TABLE_LIMIT_BYTES = 256 * 1024;

/** The power modes of a Jetson, from the table of `nvpmodel`. */
export interface PowerModes {
  readonly names: ReadonlyMap<number, string>;
  /** In force until somebody chooses another. */
  readonly defaultId: number | null;
  readonly fastest: string | null;
}

/** Null where there is no table, which is so on anything but a Jetson. */
export async function findPowerModes(tree: HostTree): Promise<PowerModes | null> {
  const table = await tree.text('etc/nvpmodel.conf', TABLE_LIMIT_BYTES);
  if (table === null) return null;
  const names = new Map<number, string>();
  for (const [, id, name] of table.matchAll(/^\s*<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=([^\s>]+)/gm)) {
    names.set(Number(id), name!);
  }
  const defaultId = /^\s*<\s*PM_CONFIG\s+DEFAULT=(\d+)/m.exec(table)?.[1];
  return {
    names,
    defaultId: defaultId === undefined ? null : Number(defaultId),
    fastest: fastestOf([...names.values()]),
  };
}

/** What `nvpmodel` wrote last (`pmode:0002`); before that, the default of the table. */
export async function readPowerMode(tree: HostTree, modes: PowerModes): Promise<PowerMode | null> {
  const written = /^pmode:(\d+)/.exec((await tree.text('var/lib/nvpmodel/status')) ?? '')?.[1];
  const id = written === undefined ? modes.defaultId : Number(written);
  return id === null ? null : { id, name: modes.names.get(id) ?? null, fastest: modes.fastest };
}

/** The ids say nothing of speed; the names do: `MAXN_SUPER`, `MAXN`, or else the most watts. */
function fastestOf(names: readonly string[]): string | null {
  const unlimited =
    names.find((name) => name === 'MAXN_SUPER') ?? names.find((name) => name.startsWith('MAXN'));
  if (unlimited !== undefined) return unlimited;
  const watts = (name: string) => Number(/(\d+)W/.exec(name)?.[1] ?? 0);
  return [...names].sort((a, b) => watts(b) - watts(a))[0] ?? null;
}
