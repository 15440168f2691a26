import type {
  FieldKind,
  FieldSchema,
  MessageSchema,
  Payload,
  ProtoInt,
  ProtoMessage,
} from './proto-schema.ts';

// The messages of onnx.proto (github.com/onnx/onnx, IR version 10) with every field of theirs that matters here; the rest is
// carried along as it came.

export interface OpsetId extends ProtoMessage {
  domain: string | undefined;
  version: ProtoInt | undefined;
}

export interface StringEntry extends ProtoMessage {
  key: string | undefined;
  value: string | undefined;
}

export interface TensorProto extends ProtoMessage {
  dims: ProtoInt[];
  dataType: ProtoInt | undefined;
  floatData: Payload[];
  int32Data: Payload[];
  stringData: Payload[];
  int64Data: Payload[];
  name: string | undefined;
  rawData: Payload | undefined;
  doubleData: Payload[];
  uint64Data: Payload[];
  externalData: StringEntry[];
  dataLocation: ProtoInt | undefined;
}

export interface AttributeProto extends ProtoMessage {
  name: string | undefined;
  f: number | undefined;
  i: ProtoInt | undefined;
  s: Uint8Array | undefined;
  t: TensorProto | undefined;
  g: GraphProto | undefined;
  floats: number[];
  ints: ProtoInt[];
  strings: Uint8Array[];
  tensors: TensorProto[];
  graphs: GraphProto[];
  type: ProtoInt | undefined;
  refAttrName: string | undefined;
}

export interface NodeProto extends ProtoMessage {
  input: string[];
  output: string[];
  name: string | undefined;
  opType: string | undefined;
  attribute: AttributeProto[];
  domain: string | undefined;
}

export interface DimensionProto extends ProtoMessage {
  dimValue: ProtoInt | undefined;
  dimParam: string | undefined;
}

export interface ShapeProto extends ProtoMessage {
  dim: DimensionProto[];
}

export interface TensorTypeProto extends ProtoMessage {
  elemType: ProtoInt | undefined;
  shape: ShapeProto | undefined;
}

export interface TypeProto extends ProtoMessage {
  tensorType: TensorTypeProto | undefined;
}

export interface ValueInfoProto extends ProtoMessage {
  name: string | undefined;
  type: TypeProto | undefined;
}

export interface GraphProto extends ProtoMessage {
  node: NodeProto[];
  name: string | undefined;
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  valueInfo: ValueInfoProto[];
}

export interface FunctionProto extends ProtoMessage {
  name: string | undefined;
  input: string[];
  output: string[];
  node: NodeProto[];
  opsetImport: OpsetId[];
  domain: string | undefined;
}

export interface ModelProto extends ProtoMessage {
  irVersion: ProtoInt | undefined;
  producerName: string | undefined;
  producerVersion: string | undefined;
  graph: GraphProto | undefined;
  opsetImport: OpsetId[];
  metadataProps: StringEntry[];
  functions: FunctionProto[];
}

const one = (name: string, kind: FieldKind): FieldSchema => ({ name, kind, repeated: false, packed: false });
const many = (name: string, kind: FieldKind): FieldSchema => ({ name, kind, repeated: true, packed: false });
const run = (name: string, kind: FieldKind): FieldSchema => ({ name, kind, repeated: true, packed: true });

function message(name: string, fields: Readonly<Record<number, FieldSchema>>): MessageSchema {
  return { name, fields: new Map(Object.entries(fields).map(([number, field]) => [Number(number), field])) };
}

const ENTRY = message('StringStringEntryProto', { 1: one('key', 'string'), 2: one('value', 'string') });
const OPSET = message('OperatorSetIdProto', { 1: one('domain', 'string'), 2: one('version', 'int') });
const DIMENSION = message('Dimension', { 1: one('dimValue', 'int'), 2: one('dimParam', 'string') });
const SHAPE = message('TensorShapeProto', { 1: many('dim', DIMENSION) });
const TENSOR_TYPE = message('TypeProto.Tensor', { 1: one('elemType', 'int'), 2: one('shape', SHAPE) });
const TYPE = message('TypeProto', { 1: one('tensorType', TENSOR_TYPE) });
const VALUE_INFO = message('ValueInfoProto', { 1: one('name', 'string'), 2: one('type', TYPE) });
export const TENSOR = message('TensorProto', {
  1: run('dims', 'int'),
  2: one('dataType', 'int'),
  4: many('floatData', 'payload'),
  5: many('int32Data', 'payload'),
  6: many('stringData', 'payload'),
  7: many('int64Data', 'payload'),
  8: one('name', 'string'),
  9: one('rawData', 'payload'),
  10: many('doubleData', 'payload'),
  11: many('uint64Data', 'payload'),
  13: many('externalData', ENTRY),
  14: one('dataLocation', 'int'),
});
const ATTRIBUTE = message('AttributeProto', {
  1: one('name', 'string'),
  2: one('f', 'float'),
  3: one('i', 'int'),
  4: one('s', 'bytes'),
  5: one('t', TENSOR),
  7: run('floats', 'float'),
  8: run('ints', 'int'),
  9: many('strings', 'bytes'),
  10: many('tensors', TENSOR),
  20: one('type', 'int'),
  21: one('refAttrName', 'string'),
});
export const NODE = message('NodeProto', {
  1: many('input', 'string'),
  2: many('output', 'string'),
  3: one('name', 'string'),
  4: one('opType', 'string'),
  5: many('attribute', ATTRIBUTE),
  7: one('domain', 'string'),
});
export const GRAPH = message('GraphProto', {
  1: many('node', NODE),
  2: one('name', 'string'),
  5: many('initializer', TENSOR),
  11: many('input', VALUE_INFO),
  12: many('output', VALUE_INFO),
  13: many('valueInfo', VALUE_INFO),
});
ATTRIBUTE.fields.set(6, one('g', GRAPH));
ATTRIBUTE.fields.set(11, many('graphs', GRAPH));
const FUNCTION = message('FunctionProto', {
  1: one('name', 'string'),
  4: many('input', 'string'),
  5: many('output', 'string'),
  7: many('node', NODE),
  9: many('opsetImport', OPSET),
  10: one('domain', 'string'),
});
export const MODEL = message('ModelProto', {
  1: one('irVersion', 'int'),
  2: one('producerName', 'string'),
  3: one('producerVersion', 'string'),
  7: one('graph', GRAPH),
  8: many('opsetImport', OPSET),
  14: many('metadataProps', ENTRY),
  25: many('functions', FUNCTION),
});

/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
} as const;

/** TensorProto.DataType. */
export const DATA_TYPE = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
} as const;
