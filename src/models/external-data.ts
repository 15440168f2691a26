import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { OcellusError } from '../base/errors.ts';

/**
 * Path of a weights file that a model names.
 *
 * @throws OcellusError `model_invalid` for a place outside the model's own folder, which no exporter writes
 */
export function externalPath(model: string, location: string): string {
  const folder = dirname(resolve(model));
  const path = resolve(folder, location);
  if (isAbsolute(location) || relative(folder, path).startsWith('..') || location.includes('\0')) {
    throw new OcellusError(
      'model_invalid',
      `the model ${model} names a weights file outside its own folder: ${JSON.stringify(location)}`,
      { hint: 'export the model again so that its weights lie beside it' },
    );
  }
  return path;
}
