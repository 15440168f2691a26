import { WIRE } from './protobuf-file.ts';

// Field numbers of onnx.proto (github.com/onnx/onnx, onnx/onnx.proto, IR version 10).
export const MODEL = {
  irVersion: 1,
  producerName: 2,
  producerVersion: 3,
  graph: 7,
  opsetImport: 8,
  metadataProps: 14,
} as const;
export const OPSET = { domain: 1, version: 2 } as const;
export const ENTRY = { key: 1, value: 2 } as const;
export const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const;
export const NODE = { opType: 4, attribute: 5 } as const;
export const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11 } as const;
export const TENSOR = { name: 8, externalData: 13, dataLocation: 14 } as const;
export const VALUE_INFO = { name: 1, type: 2 } as const;
export const TYPE = { tensorType: 1 } as const;
export const TENSOR_TYPE = { elemType: 1, shape: 2 } as const;
export const SHAPE = { dim: 1 } as const;
export const DIMENSION = { value: 1 } as const;
export const EXTERNAL = 1;

/** TensorProto.DataType. */
export const ELEMENT_TYPES: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
};

/** The wire types that the fields of a ModelProto have; anything else at the top is another kind of file. */
export const MODEL_WIRES: Readonly<Record<number, number>> = {
  [MODEL.irVersion]: WIRE.varint,
  [MODEL.producerName]: WIRE.bytes,
  [MODEL.producerVersion]: WIRE.bytes,
  4: WIRE.bytes,
  5: WIRE.varint,
  6: WIRE.bytes,
  [MODEL.graph]: WIRE.bytes,
  [MODEL.opsetImport]: WIRE.bytes,
  [MODEL.metadataProps]: WIRE.bytes,
  20: WIRE.bytes,
  25: WIRE.bytes,
  26: WIRE.bytes,
};
