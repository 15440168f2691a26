import type { HostTree } from './host-tree.ts';

/** A chip of the kernel's hardware monitoring: `{name: 'ina3221', folder: 'sys/class/hwmon/hwmon1'}`. */
export interface HwmonChip {
  readonly name: string;
  readonly folder: string;
}

/** All chips that say what they are. Their numbers change from start to start; their names do not. */
export async function findHwmonChips(tree: HostTree): Promise<readonly HwmonChip[]> {
  const chips: HwmonChip[] = [];
  for (const folder of await tree.matching('sys/class/hwmon', /^hwmon\d+$/)) {
    const name = await tree.text(`${folder}/name`);
    if (name !== null) chips.push({ name, folder });
  }
  return chips;
}
