import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a Jetson says of itself. */
export interface JetsonFacts {
  /** Release of Linux for Tegra, such as `36.4.3` (JetPack 6). */
  readonly l4t: string;
}

/** Releases of JetPack by the major release of L4T, https://developer.nvidia.com/embedded/jetpack-archive. */
const JETPACK_BY_L4T: Readonly<Record<string, string>> = {
  '32': '4',
  '34': '5',
  '35': '5',
  '36': '6',
  '38': '7',
  '39': '7',
};

/** The major release of JetPack that brings an L4T, such as `6`; null for one that is not known. */
export function jetpackOf({ l4t }: JetsonFacts): string | null {
  return JETPACK_BY_L4T[l4t.split('.')[0] ?? ''] ?? null;
}

/** The board's name from the device tree, such as `NVIDIA Jetson Orin Nano Developer Kit`; null where there is none. */
export async function boardModel(root: string): Promise<string | null> {
  const text = await readIfThere(join(root, 'proc/device-tree/model'));
  // Strings of the device tree end in a NUL.
  return text?.replaceAll('\0', '').trim() || null;
}

/** By the name of the board. */
export function isJetson(board: string | null): boolean {
  return /jetson/i.test(board ?? '');
}

/** Null on anything but a Jetson. */
export async function jetsonFacts(root: string): Promise<JetsonFacts | null> {
  const text = await readIfThere(join(root, 'etc/nv_tegra_release'));
  const match = /# R(\d+) \(release\), REVISION: ([\d.]+)/.exec(text ?? '');
  return match === null ? null : { l4t: `${match[1]}.${match[2]}` };
}

const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP']);

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // EACCES, ELOOP: a sandbox or an emulator shows no device tree, and the program does without.
    if (NOT_THERE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
