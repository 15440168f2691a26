import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { messageOf, OcellusError } from '../../base/errors.ts';
import type { DetectionModel } from '../detection-model.ts';
import { LABEL_SETS } from '../labels.ts';
import { type Manifest, manifestSchema, readManifest } from '../manifest.ts';
import type { PictureForm } from './fold-preprocessing.ts';

/** Where the manifest of a model's file lies. */
export function manifestPath(modelFile: string): string {
  return `${modelFile.replace(/\.onnx$/, '')}.yaml`;
}

/**
 * What there is to say about an imported model: everything that was settled for the original, so that nothing has to be
 * recognised again. `source` stays behind, because it is the original's; its licence is kept under `imported`.
 */
export function importedManifest(
  id: string,
  original: DetectionModel,
  form: PictureForm,
  manifest: Manifest | undefined,
): Manifest {
  const { widthPx, heightPx, placement, padValue } = original.input;
  const anchors = original.anchors.map(([width, height]): [number, number] => [width, height]);
  return {
    id,
    ...(manifest?.family === undefined ? {} : { family: manifest.family }),
    ...(manifest?.summary === undefined ? {} : { summary: manifest.summary }),
    decoder: original.decoder,
    input: { widthPx, heightPx, type: 'uint8', ...form, placement, padValue },
    labels: knownSet(original.labels) ?? [...original.labels],
    ...(anchors.length === 0 ? {} : { anchors }),
    thresholds: manifest?.thresholds ?? {},
  };
}

function knownSet(labels: readonly string[]): keyof typeof LABEL_SETS | undefined {
  const names = Object.keys(LABEL_SETS) as (keyof typeof LABEL_SETS)[];
  return names.find((name) => {
    const set: readonly string[] = LABEL_SETS[name];
    return set.length === labels.length && set.every((label, i) => label === labels[i]);
  });
}

/** @throws OcellusError `usage` when a manifest is in the way that no import wrote */
export function assertReplaceable(path: string): void {
  if (!existsSync(path) || readManifest(path)?.imported !== undefined) return;
  throw new OcellusError('usage', `${path} is there already, and was not written by an import`, {
    hint: 'name another --out, or move it away',
  });
}

/** Writes a manifest, whole or not at all. @throws OcellusError `io_failed` */
export function writeManifest(manifest: Manifest, path: string): void {
  const unfinished = `${path}.part-${process.pid}`;
  try {
    writeFileSync(unfinished, stringify(manifestSchema.parse(manifest)), { flag: 'wx' });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new OcellusError('io_failed', `cannot write the manifest ${path}: ${messageOf(error)}`, {
      hint: 'check that the folder exists, may be written and has space',
      cause: error,
    });
  }
}
