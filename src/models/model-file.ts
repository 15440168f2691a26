import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OcellusError } from '../base/errors.ts';
import { type Manifest, readManifest } from './manifest.ts';

/** A model's file and the manifest that goes with it, if any. */
export interface ResolvedModel {
  readonly file: string;
  readonly manifest: Manifest | undefined;
}

/** The manifests that come with the program: `models/` of the package, from `src/models/` as from `dist/models/`. */
export const SHIPPED_MODELS_DIR = fileURLToPath(new URL('../../models/', import.meta.url));

const MANIFEST_ID = /^[a-z0-9][a-z0-9._-]*$/;

/**
 * Finds a model by path or by manifest id.
 *
 * A path ends in `.onnx` and is relative to `baseDir`; a manifest of the same name beside it (`<name>.yaml`) applies.
 * An id names `<id>.yaml` and `<id>.onnx` in one of `modelDirs`.
 *
 * @throws OcellusError `model_unreadable` when there is no such file or id, or the id's file was not pulled
 */
export function resolveModel(
  model: string,
  baseDir: string,
  modelDirs: readonly string[] = [join(baseDir, 'models'), SHIPPED_MODELS_DIR],
): ResolvedModel {
  const path = isAbsolute(model) ? model : resolve(baseDir, model);
  if (model.endsWith('.onnx') || !MANIFEST_ID.test(model) || existsSync(path)) return byPath(path);
  for (const dir of modelDirs) {
    const manifest = readManifest(join(dir, `${model}.yaml`));
    if (manifest === undefined) continue;
    const file = join(dir, `${model}.onnx`);
    if (existsSync(file)) return { file, manifest };
    throw notPulled(model, file, manifest);
  }
  throw new OcellusError(
    'model_unreadable',
    `there is no model "${model}": neither a file nor a manifest id`,
    {
      hint: 'give a path to an .onnx file, or the id of a manifest in models/',
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
  const url = manifest.source?.url;
  return new OcellusError('model_unreadable', `the file of model "${id}" is not here: ${file}`, {
    hint: url === undefined ? `put it at ${file}` : `fetch it: curl -L -o ${file} ${url}`,
  });
}
