import { dirname, join, normalize } from 'node:path';

/** Folders of src/ in the order in which they may import: each only what comes before it. */
const LAYERS: readonly (readonly string[])[] = [
  ['base'],
  ['flow'],
  ['config', 'models'],
  ['capture', 'motion', 'infer', 'track', 'events', 'store', 'mqtt', 'preview', 'device'],
  ['app', 'eval', 'bench'],
  ['cli'],
  ['main.ts'],
];

/** Those of one layer that may know each other. */
const PEERS: ReadonlySet<string> = new Set(['config>models', 'models>config', 'bench>app', 'bench>eval']);

/** What a module imports, dynamic and type imports included. */
export function importsOf(source: string): string[] {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)(['"])([^'"\n]+)\1/gm;
  return [...source.matchAll(pattern)].map((match) => match[2]!);
}

/**
 * Imports that go against the order of the layers.
 *
 * @param file path of the module, starting at src/
 */
export function wrongImports(file: string, source: string): string[] {
  return importsOf(source).flatMap((specifier) => {
    if (!specifier.startsWith('.')) return [];
    const target = normalize(join(dirname(file), specifier));
    if (!target.startsWith('src/')) return [`${file} imports ${target}, outside src/`];
    const from = file.split('/')[1]!;
    const to = target.split('/')[1]!;
    if (from === to || PEERS.has(`${from}>${to}`)) return [];
    return layerOf(to) < layerOf(from) ? [] : [`${file} imports ${target}: ${from} may not know ${to}`];
  });
}

function layerOf(folder: string): number {
  const layer = LAYERS.findIndex((folders) => folders.includes(folder));
  if (layer === -1) throw new Error(`src/${folder} is in no layer: add it to test/house/imports.ts`);
  return layer;
}
