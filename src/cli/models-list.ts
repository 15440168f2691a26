import { Command } from 'commander';
import { modelDirs } from '../models/model-dirs.ts';
import { listRegistry, type RegistryEntry } from '../models/registry.ts';
import type { CommandIo } from './command-io.ts';
import { formatBytes, formatTable } from './table.ts';

/** `ocellus models list`: what can be named as `M`, and what of it is here. */
export function modelsListCommand(io: CommandIo): Command {
  return new Command('list')
    .description('list the models that have a manifest, and which of them are here')
    .option('--json', 'one JSON array')
    .action((options: { json?: boolean }) => {
      const entries = listRegistry(modelDirs(process.cwd()));
      io.stdout.write(options.json === true ? toJson(entries) : describe(entries));
      for (const { id, problem } of entries) {
        if (problem !== undefined) io.stderr.write(`ocellus: ${id}: ${problem}\n`);
      }
    });
}

function toJson(entries: readonly RegistryEntry[]): string {
  const rows = entries.map(({ id, manifest, manifestFile, installed, problem }) => ({
    id,
    family: manifest?.family ?? null,
    summary: manifest?.summary ?? null,
    licence: manifest?.source?.licence ?? null,
    notice: manifest?.source?.notice ?? null,
    url: manifest?.source?.url ?? null,
    sha256: manifest?.source?.sha256 ?? null,
    bytes: installed?.bytes ?? manifest?.source?.bytes ?? null,
    installed: installed !== undefined,
    file: installed?.file ?? null,
    ap: manifest?.accuracy?.ap ?? null,
    apDataset: manifest?.accuracy?.dataset ?? null,
    manifest: manifestFile,
    problem: problem ?? null,
  }));
  return `${JSON.stringify(rows, null, 2)}\n`;
}

function describe(entries: readonly RegistryEntry[]): string {
  const rows = entries.map(({ id, manifest, installed, problem }) => {
    const bytes = installed?.bytes ?? manifest?.source?.bytes;
    const ap = manifest?.accuracy?.ap;
    return [
      id,
      manifest?.family ?? '',
      bytes === undefined ? '' : formatBytes(bytes),
      manifest?.source?.licence ?? '',
      ap === undefined ? '' : (100 * ap).toFixed(1),
      stateOf(problem, installed, manifest?.source !== undefined),
    ];
  });
  const notices = entries.flatMap(({ id, manifest }) =>
    manifest?.source?.notice === undefined ? [] : [`${id}: ${manifest.source.notice}`],
  );
  const table = formatTable(['id', 'family', 'size', 'licence', 'AP', ''], rows, new Set([2, 4]));
  return notices.length === 0 ? table : `${table}\n${notices.join('\n')}\n`;
}

function stateOf(
  problem: string | undefined,
  installed: RegistryEntry['installed'],
  hasSource: boolean,
): string {
  if (problem !== undefined) return 'manifest is wrong';
  if (installed !== undefined) return `here: ${installed.file}`;
  return hasSource ? 'to be pulled' : 'file is missing';
}
