import { OcellusError } from '../base/errors.ts';
import type { FixedInput, TensorInfo } from './backend.ts';

/** Element types that inputs and outputs may have. */
export const TENSOR_TYPES: readonly TensorInfo['type'][] = ['float32', 'float16', 'uint8', 'int32', 'int64'];

/** What a session can feed: a picture as floats or bytes, and inputs that never change.
 *
 * @returns the inputs, the picture first, and the fixed ones in their order
 * @throws OcellusError `model_unsupported`
 */
export function imageModelInputs(
  file: string,
  inputs: readonly TensorInfo[],
  fixed: readonly FixedInput[],
): TensorInfo[] {
  const pictures = inputs.filter(({ name }) => !fixed.some((each) => each.name === name));
  const others = fixed.map((each) =>
    inputs.find(({ name, type, dims }) => name === each.name && type === each.type && fits(dims, each.dims)),
  );
  const [picture] = pictures;
  if (pictures.length === 1 && (picture?.type === 'float32' || picture?.type === 'uint8')) {
    const known = others.filter((each) => each !== undefined);
    if (known.length === others.length) return [picture, ...known];
  }
  const found = inputs.map(
    ({ name, type, dims }) => `${name} ${type} [${dims.map((dim) => dim ?? '?').join(', ')}]`,
  );
  throw new OcellusError(
    'model_unsupported',
    `model ${file} has the inputs ${found.join('; ') || 'none'}, and one picture of float32 or uint8 is supported`,
    { hint: 'export the model with a single image input' },
  );
}

function fits(dims: readonly (number | null)[], given: readonly number[]): boolean {
  return dims.length === given.length && dims.every((dim, axis) => dim === null || dim === given[axis]);
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
