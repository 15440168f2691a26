import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, OcellusError } from '../base/errors.ts';
import { type Manifest, readManifest } from './manifest.ts';

/** A model that has a manifest, whether its file is here or not. */
export interface RegistryEntry {
  readonly id: string;
  readonly manifestFile: string;
  /** Undefined when the manifest is wrong. */
  readonly manifest: Manifest | undefined;
  /** What is wrong with the manifest. */
  readonly problem: string | undefined;
  /** The model's file; undefined when it was not pulled. */
  readonly installed: { readonly file: string; readonly bytes: number } | undefined;
}

/** Every manifest of `dirs`, by id; of two with one id the one of the earlier folder counts. */
export function listRegistry(dirs: readonly string[]): RegistryEntry[] {
  const entries = new Map<string, RegistryEntry>();
  for (const dir of dirs) {
    for (const id of manifestIds(dir)) {
      if (!entries.has(id)) entries.set(id, readEntry(id, join(dir, `${id}.yaml`), dirs));
    }
  }
  return [...entries.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * The entry of one id.
 * @throws OcellusError `model_unreadable` when there is no such id, `model_invalid` when its manifest is wrong
 */
export function findInRegistry(id: string, dirs: readonly string[]): RegistryEntry & { manifest: Manifest } {
  for (const dir of dirs) {
    const manifestFile = join(dir, `${id}.yaml`);
    const manifest = readManifest(manifestFile);
    if (manifest !== undefined) {
      return { id, manifestFile, manifest, problem: undefined, installed: installedFile(id, dirs) };
    }
  }
  const known = listRegistry(dirs).map((entry) => entry.id);
  throw new OcellusError('model_unreadable', `there is no manifest "${id}" in ${dirs.join(', ')}`, {
    hint: `known are ${known.join(', ')}; a manifest of your own goes into one of these folders`,
  });
}

/** The file of a manifest id in the first folder that has one. */
export function installedFile(id: string, dirs: readonly string[]): RegistryEntry['installed'] {
  for (const dir of dirs) {
    const file = join(dir, `${id}.onnx`);
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isFile()) return { file, bytes: stat.size };
  }
  return undefined;
}

function readEntry(id: string, manifestFile: string, dirs: readonly string[]): RegistryEntry {
  const entry = { id, manifestFile, installed: installedFile(id, dirs) };
  try {
    return { ...entry, manifest: readManifest(manifestFile), problem: undefined };
  } catch (error) {
    return { ...entry, manifest: undefined, problem: messageOf(error) };
  }
}

function manifestIds(dir: string): string[] {
  if (!existsSync(dir)) return [];
  try {
    return readdirSync(dir)
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => name.slice(0, -'.yaml'.length));
  } catch (error) {
    throw new OcellusError('io_failed', `cannot list ${dir}: ${messageOf(error)}`, {
      hint: 'check that the user of this process may read it',
      cause: error,
    });
  }
}
