import { OcellusError } from '../../base/errors.ts';
import { float16ToFloat32 } from '../../base/float16.ts';
import { DATA_TYPE, type TensorProto } from './onnx-proto.ts';
import { type Payload, type ProtoInt, payloadOf } from './proto-schema.ts';

/** Values of a tensor in memory. Halves are widened, bools are bytes. */
export type TensorValues =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int32Array
  | Uint16Array
  | BigInt64Array;

const EXTERNAL = 1;
/** Longest tensor of numbers that is read value by value; shapes and indices are far shorter. */
const MAX_SMALL_VALUES = 65_536;

/** Bytes of one element by data type, as `raw_data` has them. */
const ELEMENT_BYTES: Readonly<Record<number, number>> = {
  1: 4,
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  9: 1,
  10: 2,
  11: 8,
  12: 4,
  13: 8,
  16: 2,
};

/** A number from a field that may hold 64 bits; values beyond 2^53 lose low bits. */
export function toNumber(value: ProtoInt | undefined, otherwise = 0): number {
  return value === undefined ? otherwise : Number(value);
}

/** Shape of a tensor; null when a dimension is negative or the product is beyond what memory can hold. */
export function tensorDims(tensor: TensorProto): number[] | null {
  const dims = tensor.dims.map((dim) => Number(dim));
  return elementCount(dims) === null ? null : dims;
}

/** Product of a shape; null where that is no count of elements. */
export function elementCount(dims: readonly number[]): number | null {
  let count = 1;
  for (const dim of dims) {
    if (!Number.isInteger(dim) || dim < 0) return null;
    count *= dim;
    if (count > Number.MAX_SAFE_INTEGER) return null;
  }
  return count;
}

/** Bytes that one element takes; undefined for strings and unknown types. */
export function elementBytes(dataType: ProtoInt | undefined): number | undefined {
  return ELEMENT_BYTES[toNumber(dataType)];
}

export function isExternal(tensor: TensorProto): boolean {
  return toNumber(tensor.dataLocation) === EXTERNAL;
}

/** Where external data lies: `length` undefined means to the end of the file. */
export function externalEntries(tensor: TensorProto): {
  location: string;
  offset: number;
  length: number | undefined;
} {
  const entry = (key: string) => tensor.externalData.find((each) => each.key === key)?.value;
  const whole = (text: string | undefined) => {
    const value = Number(text);
    return text !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  };
  return {
    location: entry('location') ?? '',
    offset: whole(entry('offset')) ?? 0,
    length: whole(entry('length')),
  };
}

/**
 * A tensor's values; undefined when they were left in the file, are strings, or do not fit the shape.
 */
export function tensorValues(tensor: TensorProto): TensorValues | undefined {
  const dims = tensorDims(tensor);
  const count = dims === null ? null : elementCount(dims);
  if (count === null || isExternal(tensor)) return undefined;
  const values = tensor.rawData === undefined ? typedValues(tensor) : rawValues(tensor);
  return values?.length === count ? values : undefined;
}

/** As `tensorValues`, as plain numbers, for shapes, indices and scales; undefined for more than 65 536. */
export function smallValues(tensor: TensorProto): number[] | undefined {
  const dims = tensorDims(tensor);
  const count = dims === null ? null : elementCount(dims);
  if (count === null || count > MAX_SMALL_VALUES) return undefined;
  const values = tensorValues(tensor);
  return values === undefined ? undefined : Array.from(values as ArrayLike<number | bigint>, Number);
}

/** As `tensorValues`, as 32-bit floats. @throws OcellusError `model_unsupported` naming the tensor */
export function floatValues(tensor: TensorProto): Float32Array {
  const values = tensorValues(tensor);
  if (values instanceof Float32Array) return values;
  if (values instanceof Float64Array) return Float32Array.from(values);
  throw new OcellusError('model_unsupported', `the tensor ${tensor.name} holds no 32-bit floats`, {
    hint: 'export the model with float32 weights in one file',
  });
}

/** A tensor of the given values. */
export function makeTensor(
  name: string,
  dims: readonly number[],
  values: Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array,
): TensorProto {
  return {
    ...EMPTY_TENSOR(),
    name,
    dims: [...dims],
    dataType: typeOf(values),
    rawData: payloadOf(
      new Uint8Array(values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength)),
    ),
  };
}

const EMPTY_TENSOR = (): TensorProto => ({
  dims: [],
  dataType: undefined,
  floatData: [],
  int32Data: [],
  stringData: [],
  int64Data: [],
  name: undefined,
  rawData: undefined,
  doubleData: [],
  uint64Data: [],
  externalData: [],
  dataLocation: undefined,
  unknown: [],
});

function typeOf(values: Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array): number {
  if (values instanceof Float32Array) return DATA_TYPE.float32;
  if (values instanceof Int8Array) return DATA_TYPE.int8;
  if (values instanceof Uint8Array) return DATA_TYPE.uint8;
  return values instanceof Int32Array ? DATA_TYPE.int32 : DATA_TYPE.int64;
}

function rawValues({ rawData, dataType }: TensorProto): TensorValues | undefined {
  const bytes = rawData?.bytes;
  const size = elementBytes(dataType);
  if (bytes === undefined || size === undefined || bytes.length % size !== 0) return undefined;
  // A view needs aligned memory, which the bytes of a file are not always.
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const at = [aligned.buffer as ArrayBuffer, aligned.byteOffset, bytes.length / size] as const;
  switch (toNumber(dataType)) {
    case DATA_TYPE.float32:
      return new Float32Array(...at);
    case DATA_TYPE.float64:
      return new Float64Array(...at);
    case DATA_TYPE.float16:
      return float16ToFloat32(new Uint16Array(...at));
    case DATA_TYPE.int8:
      return new Int8Array(...at);
    case DATA_TYPE.uint8:
    case DATA_TYPE.bool:
      return new Uint8Array(...at);
    case DATA_TYPE.int32:
      return new Int32Array(...at);
    case DATA_TYPE.int64:
      return new BigInt64Array(...at);
    default:
      return undefined;
  }
}

/** Values of the typed fields, which older exporters use instead of `raw_data`. */
function typedValues(tensor: TensorProto): TensorValues | undefined {
  const { dataType, floatData, int32Data, int64Data, doubleData } = tensor;
  switch (toNumber(dataType)) {
    case DATA_TYPE.float32:
      return joined(floatData, 4, (bytes) => new Float32Array(bytes));
    case DATA_TYPE.float64:
      return joined(doubleData, 8, (bytes) => new Float64Array(bytes));
    case DATA_TYPE.int64: {
      const values = varints(int64Data);
      return values && BigInt64Array.from(values);
    }
    case DATA_TYPE.float16: {
      const values = varints(int32Data);
      return values && float16ToFloat32(Uint16Array.from(values, Number));
    }
    case DATA_TYPE.int8: {
      const values = varints(int32Data);
      return values && Int8Array.from(values, Number);
    }
    case DATA_TYPE.uint8:
    case DATA_TYPE.bool: {
      const values = varints(int32Data);
      return values && Uint8Array.from(values, Number);
    }
    case DATA_TYPE.int32: {
      const values = varints(int32Data);
      return values && Int32Array.from(values, Number);
    }
    default:
      return undefined;
  }
}

function joined<T>(
  payloads: readonly Payload[],
  size: number,
  make: (bytes: ArrayBuffer) => T,
): T | undefined {
  const parts = payloads.map(({ bytes }) => bytes);
  if (parts.some((part) => part === undefined)) return undefined;
  const bytes = Uint8Array.from(Buffer.concat(parts as Uint8Array[]));
  return bytes.length % size === 0 ? make(bytes.buffer) : undefined;
}

function varints(payloads: readonly Payload[]): bigint[] | undefined {
  const values: bigint[] = [];
  for (const { bytes } of payloads) {
    if (bytes === undefined) return undefined;
    let value = 0n;
    let shift = 0n;
    for (const byte of bytes) {
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (shift > 70n) return undefined;
      if (byte >= 0x80) continue;
      values.push(BigInt.asIntN(64, value));
      value = 0n;
      shift = 0n;
    }
    if (shift !== 0n) return undefined;
  }
  return values;
}
