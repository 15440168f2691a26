import { OcellusError } from '../base/errors.ts';
import type { TensorInfo } from './backend.ts';

/** Element types that inputs and outputs may have. */
export const TENSOR_TYPES: readonly TensorInfo['type'][] = ['float32', 'float16', 'uint8', 'int32', 'int64'];

/** What a session can feed: one input of floats or bytes. @throws OcellusError `model_unsupported` */
export function assertImageModel(file: string, inputs: readonly TensorInfo[]): void {
  const [input] = inputs;
  if (inputs.length === 1 && (input?.type === 'float32' || input?.type === 'uint8')) return;
  const found = inputs.map(
    ({ name, type, dims }) => `${name} ${type} [${dims.map((dim) => dim ?? '?').join(', ')}]`,
  );
  throw new OcellusError(
    'model_unsupported',
    `model ${file} has the inputs ${found.join('; ') || 'none'}, and one input of float32 or uint8 is supported`,
    { hint: 'export the model with a single float32 or uint8 image input' },
  );
}

/** An input or output that is a sequence, a map, or of a type that nothing here can read. */
export function unsupportedTensor(side: string, name: string): OcellusError {
  return new OcellusError(
    'model_unsupported',
    `${side} ${name} of the model is no tensor of a supported type`,
    {
      hint: `supported are tensors of ${TENSOR_TYPES.join(', ')}`,
    },
  );
}
