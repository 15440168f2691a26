import { messageOf, OcellusError } from '../base/errors.ts';
import type { ModelSummary } from './model-summary.ts';
import { SummaryReader } from './onnx-reader.ts';
import { ProtobufError, ProtobufFile } from './protobuf-file.ts';

const COPY_AGAIN = 'copy or download the file again and compare its size and SHA-256 with the original';

/**
 * Reads what an ONNX file says about itself. Weights are skipped, not loaded.
 *
 * @throws OcellusError `model_unreadable` (no such file, no permission), `model_invalid` (truncated, or not ONNX)
 */
export function readModelSummary(file: string): ModelSummary {
  try {
    return ProtobufFile.using(file, (reader) => new SummaryReader(reader).read());
  } catch (error) {
    if (error instanceof OcellusError) throw error;
    if (error instanceof ProtobufError) throw malformed(file, error);
    throw new OcellusError('model_unreadable', `cannot read the model ${file}: ${messageOf(error)}`, {
      hint: 'check the path and that the user of this process may read it',
      cause: error,
    });
  }
}

/** @throws OcellusError `model_external_data_missing` when a weights file of the model is absent or too short */
export function requireExternalData(summary: ModelSummary): void {
  for (const { location, path, neededBytes, presentBytes } of summary.externalData) {
    if (presentBytes !== null && presentBytes >= neededBytes) continue;
    const state =
      presentBytes === null
        ? `there is no file ${path}`
        : `${path} has ${presentBytes} bytes of the ${neededBytes} needed`;
    throw new OcellusError(
      'model_external_data_missing',
      `the model ${summary.file} keeps its weights in "${location}", but ${state}`,
      { hint: `put "${location}" of the same export beside the model, or export it as one file` },
    );
  }
}

function malformed(file: string, error: ProtobufError): OcellusError {
  return new OcellusError(
    'model_invalid',
    `the model ${file} is truncated or damaged at byte ${error.offset}: ${error.message}`,
    { hint: COPY_AGAIN, cause: error },
  );
}
