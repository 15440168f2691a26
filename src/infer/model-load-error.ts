import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { messageOf, OcellusError } from '../base/errors.ts';

/** Says early, in the same words for every backend, that a model file cannot be read. @throws OcellusError `model_unreadable` */
export async function assertReadableModel(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
    if ((await stat(file)).isFile()) return;
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new OcellusError(
      'model_unreadable',
      `cannot read model ${file}: ${missing ? 'no such file' : messageOf(error)}`,
      {
        hint: 'check the path and the permissions of the model file',
        cause: error,
      },
    );
  }
  throw new OcellusError('model_unreadable', `cannot read model ${file}: not a file`, {
    hint: 'name the .onnx file itself',
  });
}

/**
 * The error for a model that ONNX Runtime refuses to load, by what it said: both backends give the same text.
 * Undefined when the refusal is not about the file, but may be about the provider.
 */
export function modelFileError(file: string, cause: unknown): OcellusError | undefined {
  const reason = messageOf(cause);
  if (/external (data|initializer)|GetFileLength|cannot get file size/i.test(reason)) {
    const weights = /(?:GetFileLength for |: ")([^"]+?)(?: failed|")/.exec(reason)?.[1] ?? reason;
    return new OcellusError(
      'model_external_data_missing',
      `model ${file} keeps its weights in another file, which cannot be read: ${weights}`,
      { hint: 'put the file with the weights beside the model, under its original name', cause },
    );
  }
  if (/protobuf parsing failed|ModelProto does not have a graph|INVALID_PROTOBUF/i.test(reason)) {
    return modelInvalid(file, 'it is not an ONNX model, or was cut off', cause);
  }
  if (/INVALID_GRAPH|is not a registered function\/op|Unsupported model IR version|opset/i.test(reason)) {
    return modelInvalid(file, reason, cause);
  }
  return undefined;
}

/** A model that cannot be loaded for the given reason. */
export function modelInvalid(file: string, reason: string, cause: unknown): OcellusError {
  return new OcellusError('model_invalid', `cannot load model ${file}: ${reason}`, {
    hint: 'export the model again or fetch the file anew',
    cause,
  });
}
