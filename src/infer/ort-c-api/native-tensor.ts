import koffi from 'koffi';
import { OcellusError } from '../../base/errors.ts';
import { float16ToFloat32 } from '../../base/float16.ts';
import type { Tensor, TensorInfo } from '../backend.ts';
import { addressOf, type OrtApi, type Pointer } from './ort-api.ts';
import { elementTypes, ORT_DEVICE_ALLOCATOR, ORT_MEM_TYPE_DEFAULT } from './ort-api-table.ts';
import { check, takeOut } from './status.ts';
import { readTypeAndShape } from './tensor-info.ts';

const arrays = {
  float32: Float32Array,
  float16: Uint16Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
} as const;

type TensorArray = InstanceType<(typeof arrays)[TensorInfo['type']]>;

/** An `OrtValue` over memory of our own, which it keeps referenced for as long as ONNX Runtime may touch it. */
export class NativeTensor {
  readonly value: Pointer;
  readonly dims: readonly number[];
  readonly #api: OrtApi;
  readonly #data: TensorArray;

  private constructor(api: OrtApi, value: Pointer, dims: readonly number[], data: TensorArray) {
    this.#api = api;
    this.value = value;
    this.dims = dims;
    this.#data = data;
  }

  /** @param data at least as many elements as `dims` say; @throws OrtStatusError when they are fewer */
  static over(
    api: OrtApi,
    type: TensorInfo['type'],
    dims: readonly number[],
    data: TensorArray,
  ): NativeTensor {
    const memory = takeOut((out) =>
      check(api, api.CreateCpuMemoryInfo(ORT_DEVICE_ALLOCATOR, ORT_MEM_TYPE_DEFAULT, out)),
    );
    try {
      const shape = BigInt64Array.from(dims, BigInt);
      const value = takeOut((out) =>
        check(
          api,
          api.CreateTensorWithDataAsOrtValue(
            memory,
            addressOf(data),
            data.byteLength,
            shape,
            shape.length,
            elementTypes[type],
            out,
          ),
        ),
      );
      return new NativeTensor(api, value, dims, data);
    } finally {
      api.ReleaseMemoryInfo(memory);
    }
  }

  /** A copy of an `OrtValue` of ONNX Runtime's own, which stays the caller's to release. */
  static copyOf(api: OrtApi, value: Pointer): NativeTensor {
    const { type, dims } = typeAndShapeOf(api, value);
    const data = new arrays[type](elementCount(dims));
    copyInto(api, value, data);
    return NativeTensor.over(api, type, dims, data);
  }

  /** What it holds now; halves are widened to single precision. */
  read(): Tensor {
    return { dims: this.dims, data: widened(this.#data) };
  }

  release(): void {
    this.#api.ReleaseValue(this.value);
  }
}

/** Memory for an output whose shape changes from run to run: it grows to the largest and stays. */
export class OutputMemory {
  #data: TensorArray = new Float32Array(0);

  /** Copies an `OrtValue` of ONNX Runtime's own, which stays the caller's to release. Valid until the next call. */
  read(api: OrtApi, value: Pointer): Tensor {
    const { type, dims } = typeAndShapeOf(api, value);
    const count = elementCount(dims);
    if (!(this.#data instanceof arrays[type]) || this.#data.length < count) {
      this.#data = new arrays[type](Math.max(count, 2 * this.#data.length));
    }
    const data = this.#data.subarray(0, count);
    copyInto(api, value, data);
    return { dims, data: widened(data) };
  }
}

function typeAndShapeOf(api: OrtApi, value: Pointer): { type: TensorInfo['type']; dims: readonly number[] } {
  const info = takeOut((out) => check(api, api.GetTensorTypeAndShape(value, out)));
  try {
    const { type, dims } = readTypeAndShape(api, info);
    if (type === undefined) throw new OcellusError('model_unsupported', 'an output changed its type');
    return { type, dims };
  } finally {
    api.ReleaseTensorTypeAndShapeInfo(info);
  }
}

function copyInto(api: OrtApi, value: Pointer, data: TensorArray): void {
  if (data.byteLength === 0) return;
  const source = takeOut((out) => check(api, api.GetTensorMutableData(value, out)));
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  bytes.set(new Uint8Array(koffi.view(source, data.byteLength)));
}

/** Halves as single precision. */
function widened(data: TensorArray): Tensor['data'] {
  return data instanceof Uint16Array ? float16ToFloat32(data) : data;
}

function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
