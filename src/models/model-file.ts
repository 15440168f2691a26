import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { OcellusError } from '../base/errors.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { modelDirs as usualModelDirs } from './model-dirs.ts';
import { installedFile } from './registry.ts';

/** A model's file and the manifest that goes with it, if any. */
export interface ResolvedModel {
  readonly file: string;
  readonly manifest: Manifest | undefined;
}

const MANIFEST_ID = /^[a-z0-9][a-z0-9._-]*$/;

/**
 * Finds a model by path or by manifest id.
 *
 * A path ends in `.onnx` and is relative to `baseDir`; a manifest of the same name beside it (`<name>.yaml`) applies.
 * An id names `<id>.yaml` and `<id>.onnx`. Both are taken from the first of `modelDirs` that has them: a manifest that
 * comes with the program is that of a file in the folder of pulled models.
 *
 * @throws OcellusError `model_unreadable` when there is no such file or id, or the id's file was not pulled
 */
export function resolveModel(
  model: string,
  baseDir: string,
  modelDirs: readonly string[] = usualModelDirs(baseDir),
): ResolvedModel {
  const path = isAbsolute(model) ? model : resolve(baseDir, model);
  if (model.endsWith('.onnx') || !MANIFEST_ID.test(model) || existsSync(path)) return byPath(path);
  for (const dir of modelDirs) {
    const manifest = readManifest(join(dir, `${model}.yaml`));
    if (manifest === undefined) continue;
    // A file beside its manifest is what the manifest was written for.
    const installed = installedFile(model, [dir, ...modelDirs]);
    if (installed !== undefined) return { file: installed.file, manifest };
    throw notPulled(model, join(dir, `${model}.onnx`), manifest);
  }
  throw new OcellusError(
    'model_unreadable',
    `there is no model "${model}": neither a file nor a manifest id`,
    {
      hint: 'give a path to an .onnx file, or an id that `ocellus models list` shows',
    },
  );
}

function byPath(file: string): ResolvedModel {
  if (existsSync(file)) return { file, manifest: readManifest(`${file.replace(/\.onnx$/, '')}.yaml`) };
  throw new OcellusError('model_unreadable', `there is no model file ${file}`, {
    hint: 'check the path; a relative one starts at the configuration file, or at the working directory on the command line',
  });
}

function notPulled(id: string, file: string, manifest: Manifest): OcellusError {
  return new OcellusError('model_unreadable', `the file of model "${id}" is not here: ${file}`, {
    hint: manifest.source === undefined ? `put it at ${file}` : `fetch it: ocellus models pull ${id}`,
  });
}
