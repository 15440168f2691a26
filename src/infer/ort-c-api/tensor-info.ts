import koffi from 'koffi';
import type { TensorInfo } from '../backend.ts';
import { unsupportedTensor } from '../model-shape.ts';
import type { OrtApi, Pointer } from './ort-api.ts';
import { elementTypes } from './ort-api-table.ts';
import { check, takeOut } from './status.ts';

const typeNames: ReadonlyMap<number, TensorInfo['type']> = new Map(
  Object.entries(elementTypes).map(([name, number]) => [number, name as TensorInfo['type']]),
);

export interface TypeAndShape {
  readonly type: TensorInfo['type'] | undefined;
  /** -1 for a dynamic axis. */
  readonly dims: readonly number[];
}

/** Names, types and shapes of a session's inputs or outputs. @throws OcellusError `model_unsupported` */
export function readTensorInfos(api: OrtApi, session: Pointer, side: 'Input' | 'Output'): TensorInfo[] {
  const count = Number(takeOut((out) => check(api, api[`SessionGet${side}Count`](session, out))));
  return Array.from({ length: count }, (_, index) => {
    const name = readName(api, session, side, index);
    const typeInfo = takeOut((out) => check(api, api[`SessionGet${side}TypeInfo`](session, index, out)));
    try {
      const info = takeOut((out) => check(api, api.CastTypeInfoToTensorInfo(typeInfo, out)));
      const { type, dims } = info === 0n ? { type: undefined, dims: [] } : readTypeAndShape(api, info);
      if (type === undefined) {
        throw unsupportedTensor(side.toLowerCase(), name);
      }
      return { name, type, dims: dims.map((dim) => (dim < 0 ? null : dim)) };
    } finally {
      api.ReleaseTypeInfo(typeInfo);
    }
  });
}

/** @param info an `OrtTensorTypeAndShapeInfo *`, which stays the caller's */
export function readTypeAndShape(api: OrtApi, info: Pointer): TypeAndShape {
  const type = new Int32Array(1);
  check(api, api.GetTensorElementType(info, type));
  const rank = Number(takeOut((out) => check(api, api.GetDimensionsCount(info, out))));
  const dims = new BigInt64Array(rank);
  if (rank > 0) check(api, api.GetDimensions(info, dims, rank));
  return { type: typeNames.get(type[0]!), dims: Array.from(dims, Number) };
}

function readName(api: OrtApi, session: Pointer, side: 'Input' | 'Output', index: number): string {
  const allocator = takeOut((out) => check(api, api.GetAllocatorWithDefaultOptions(out)));
  const name = takeOut((out) => check(api, api[`SessionGet${side}Name`](session, index, allocator, out)));
  try {
    return koffi.decode.string(name);
  } finally {
    check(api, api.AllocatorFree(allocator, name));
  }
}
