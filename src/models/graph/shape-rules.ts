import { windowShape } from './conv-shape.ts';
import { attributeOf, intOf, intsOf, textOf } from './nodes.ts';
import type { NodeProto } from './onnx-proto.ts';
import type { Dims, ShapeContext } from './shape-inference.ts';
import { toNumber } from './tensor-data.ts';

/** Shapes of a node's outputs; undefined where they do not follow from what is known. */
type ShapeRule = (node: NodeProto, context: ShapeContext) => readonly (Dims | undefined)[] | undefined;

/** Numbers of axes and outputs that an attribute may ask for. */
const MAX_PARTS = 65_536;

const same: ShapeRule = (node, context) => [context.dims(node.input[0])];
const broadcast: ShapeRule = (node, context) => {
  const shapes = node.input.map((name) => context.dims(name));
  return [shapes.reduce((a, b) => (a === undefined || b === undefined ? undefined : broadcastDims(a, b)))];
};
const reduce: ShapeRule = (node, context) => {
  const dims = context.dims(node.input[0]);
  if (dims === undefined) return undefined;
  const axes =
    intsOf(node, 'axes') ?? (node.input[1] ? context.values(node.input[1]) : dims.map((_, axis) => axis));
  if (axes === undefined) return undefined;
  const gone = new Set(axes.map((axis) => (axis < 0 ? axis + dims.length : axis)));
  const keep = intOf(node, 'keepdims', 1) !== 0;
  return [
    keep ? dims.map((dim, axis) => (gone.has(axis) ? 1 : dim)) : dims.filter((_, axis) => !gone.has(axis)),
  ];
};

function reshape(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const target = intsOf(node, 'shape') ?? context.values(node.input[1]);
  const dims = context.dims(node.input[0]);
  if (target === undefined) return undefined;
  const copied = target.map((value, axis) =>
    value === 0 ? (dims?.[axis] ?? null) : value === -1 ? null : value,
  );
  const open = target.indexOf(-1);
  const total = product(dims);
  const rest = product(copied.filter((_, axis) => axis !== open));
  if (open >= 0 && total !== null && rest !== null && rest > 0) copied[open] = Math.floor(total / rest);
  return [copied];
}

function concat(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const shapes = node.input.map((name) => context.dims(name));
  const [first] = shapes;
  if (first === undefined || shapes.some((dims) => dims?.length !== first.length)) return undefined;
  const axis = normal(intOf(node, 'axis', 1), first.length);
  return [
    first.map((dim, i) => {
      const along = shapes.map((dims) => dims![i]!);
      if (i !== axis) return along.find((each) => each !== null) ?? dim;
      return along.some((each) => each === null) ? null : along.reduce<number>((sum, each) => sum + each!, 0);
    }),
  ];
}

function split(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const dims = context.dims(node.input[0]);
  if (dims === undefined) return undefined;
  const axis = normal(intOf(node, 'axis', 0), dims.length);
  const given = intsOf(node, 'split') ?? context.values(node.input[1]);
  const whole = dims[axis] ?? null;
  const share = Math.ceil((whole ?? 0) / node.output.length);
  return node.output.slice(0, MAX_PARTS).map((_, part) => {
    const even = whole === null ? null : Math.max(0, Math.min(share, whole - part * share));
    return dims.map((dim, i) => (i === axis ? (given === undefined ? even : (given[part] ?? null)) : dim));
  });
}

function slice(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const dims = context.dims(node.input[0]);
  if (dims === undefined) return undefined;
  const list = (attribute: string, input: number) =>
    intsOf(node, attribute) ?? context.values(node.input[input]);
  const [starts, ends, steps] = [list('starts', 1), list('ends', 2), context.values(node.input[4])];
  const axes = list('axes', 3) ?? starts?.map((_, axis) => axis);
  if (starts === undefined || ends === undefined || axes === undefined) return [dims.map(() => null)];
  const result = [...dims];
  for (const [i, each] of axes.slice(0, dims.length).entries()) {
    const axis = normal(each, dims.length);
    const size = dims[axis] ?? null;
    const step = steps?.[i] ?? 1;
    if (size === null || step === 0) {
      result[axis] = null;
      continue;
    }
    const clip = (at: number) =>
      Math.min(step > 0 ? size : size - 1, Math.max(step > 0 ? 0 : -1, at < 0 ? at + size : at));
    const [from, to] = [clip(starts[i] ?? 0), clip(ends[i] ?? size)];
    result[axis] = Math.max(0, Math.ceil((to - from) / step));
  }
  return [result];
}

function transpose(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const dims = context.dims(node.input[0]);
  const order = intsOf(node, 'perm') ?? dims?.map((_, i) => dims.length - 1 - i);
  return dims && order && [order.map((axis) => dims[axis] ?? null)];
}

function matMul(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const b = node.opType === 'QLinearMatMul' ? 3 : 1;
  const [left, right] = [context.dims(node.input[0]), context.dims(node.input[b])];
  if (left === undefined || right === undefined || left.length < 2 || right.length < 2) return undefined;
  const batch = broadcastDims(left.slice(0, -2), right.slice(0, -2));
  return batch && [[...batch, left.at(-2)!, right.at(-1)!]];
}

function gemm(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const [a, b] = [context.dims(node.input[0]), context.dims(node.input[1])];
  if (a?.length !== 2 || b?.length !== 2) return undefined;
  return [[intOf(node, 'transA', 0) ? a[1]! : a[0]!, intOf(node, 'transB', 0) ? b[0]! : b[1]!]];
}

function resize(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const dims = context.dims(node.input[0]);
  const sizes = context.values(node.input[3]);
  if (dims === undefined || sizes?.length === dims.length) return sizes && [sizes];
  const scales = node.opType === 'Upsample' || context.opset < 11 ? node.input[1] : node.input[2];
  const by = attributeOf(node, 'scales')?.floats ?? context.values(scales);
  if (by?.length !== dims.length) return [dims.map(() => null)];
  return [dims.map((dim, axis) => (dim === null ? null : Math.floor(dim * by[axis]!)))];
}

function gather(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const [data, indices] = [context.dims(node.input[0]), context.dims(node.input[1])];
  if (data === undefined || indices === undefined) return undefined;
  const axis = normal(intOf(node, 'axis', 0), data.length);
  return [[...data.slice(0, axis), ...indices, ...data.slice(axis + 1)]];
}

function unsqueeze(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const dims = context.dims(node.input[0]);
  const axes = intsOf(node, 'axes') ?? context.values(node.input[1]);
  if (dims === undefined || axes === undefined || axes.length > 64) return undefined;
  const rank = dims.length + axes.length;
  const added = new Set(axes.map((axis) => normal(axis, rank)));
  const rest = dims[Symbol.iterator]();
  return [Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (rest.next().value ?? null)))];
}

function squeeze(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const dims = context.dims(node.input[0]);
  const axes = intsOf(node, 'axes') ?? context.values(node.input[1]);
  if (dims === undefined) return undefined;
  const gone = axes?.map((axis) => normal(axis, dims.length));
  return [dims.filter((dim, axis) => (gone === undefined ? dim !== 1 : !gone.includes(axis)))];
}

function pad(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const dims = context.dims(node.input[0]);
  const pads = intsOf(node, 'pads') ?? context.values(node.input[1]);
  if (dims === undefined || pads?.length !== 2 * dims.length) return dims && [dims.map(() => null)];
  return [dims.map((dim, i) => (dim === null ? null : dim + pads[i]! + pads[i + dims.length]!))];
}

function topK(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const dims = context.dims(node.input[0]);
  if (dims === undefined) return undefined;
  const axis = normal(intOf(node, 'axis', -1), dims.length);
  const kept = dims.map((dim, i) => (i === axis ? (context.values(node.input[1])?.[0] ?? null) : dim));
  return [kept, kept];
}

function flatten(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const dims = context.dims(node.input[0]);
  if (dims === undefined) return undefined;
  const axis = normal(intOf(node, 'axis', 1), dims.length);
  return [[product(dims.slice(0, axis)), product(dims.slice(axis))]];
}

const RULES: readonly (readonly [rule: ShapeRule, operators: string])[] = [
  [
    same,
    'Relu LeakyRelu PRelu Sigmoid HardSigmoid HardSwish Mish Gelu Tanh Exp Log Sqrt Neg Abs Floor Ceil Round Erf',
  ],
  [
    same,
    'Softmax LogSoftmax Softplus Clip Identity Dropout BatchNormalization InstanceNormalization Cast Reciprocal',
  ],
  [
    same,
    'LayerNormalization LRN Not QuantizeLinear DequantizeLinear QLinearSigmoid QLinearLeakyRelu ScatterND',
  ],
  [same, 'LpNormalization ScatterElements Elu Selu ThresholdedRelu CumSum Sign Sin Cos QuickGelu'],
  [
    broadcast,
    'Add Sub Mul Div Pow Max Min Sum Mean Mod And Or Xor Equal Less Greater LessOrEqual GreaterOrEqual Where',
  ],
  [
    reduce,
    'ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL2 ReduceL1 ReduceSumSquare ReduceLogSumExp',
  ],
  [
    windowShape,
    'Conv ConvInteger QLinearConv ConvTranspose MaxPool AveragePool QLinearAveragePool FusedConv LpPool',
  ],
  [matMul, 'MatMul MatMulInteger QLinearMatMul'],
  [reshape, 'Reshape'],
  [concat, 'Concat'],
  [split, 'Split'],
  [slice, 'Slice'],
  [transpose, 'Transpose'],
  [gemm, 'Gemm'],
  [resize, 'Resize Upsample'],
  [gather, 'Gather'],
  [unsqueeze, 'Unsqueeze'],
  [squeeze, 'Squeeze'],
  [pad, 'Pad'],
  [topK, 'TopK'],
  [flatten, 'Flatten'],
];

/** How shapes follow, by operator. */
export const SHAPE_RULES: Readonly<Record<string, ShapeRule>> = Object.assign(Object.create(null), {
  ...Object.fromEntries(RULES.flatMap(([rule, names]) => names.split(' ').map((name) => [name, rule]))),
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  QLinearAdd: ((node, context) => {
    const [a, b] = [context.dims(node.input[0]), context.dims(node.input[3])];
    return [a && b && broadcastDims(a, b)];
  }) satisfies ShapeRule,
  DynamicQuantizeLinear: ((node, context) => [context.dims(node.input[0]), [], []]) satisfies ShapeRule,
  Shape: ((node, context) => [[context.dims(node.input[0])?.length ?? null]]) satisfies ShapeRule,
  GatherElements: ((node, context) => [context.dims(node.input[1])]) satisfies ShapeRule,
  Tile: ((node, context) => {
    const repeats = context.values(node.input[1]);
    return [
      context
        .dims(node.input[0])
        ?.map((dim, i) => (dim === null ? null : dim * (repeats?.[i] ?? Number.NaN))),
    ];
  }) satisfies ShapeRule,
  Expand: ((node, context) => {
    const [dims, to] = [context.dims(node.input[0]), context.values(node.input[1])];
    return [dims && to && broadcastDims(dims, to)];
  }) satisfies ShapeRule,
  ConstantOfShape: ((node, context) => [context.values(node.input[0])]) satisfies ShapeRule,
  DepthToSpace: ((node, context) => spaceDepth(node, context, 1)) satisfies ShapeRule,
  SpaceToDepth: ((node, context) => spaceDepth(node, context, -1)) satisfies ShapeRule,
  NonMaxSuppression: (() => [[null, 3]]) satisfies ShapeRule,
});

function globalPool(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  return [context.dims(node.input[0])?.map((dim, axis) => (axis < 2 ? dim : 1))];
}

function spaceDepth(node: NodeProto, context: ShapeContext, sign: 1 | -1): (Dims | undefined)[] | undefined {
  const dims = context.dims(node.input[0]);
  const block = toNumber(attributeOf(node, 'blocksize')?.i, 1);
  const factors = [1, block ** (-2 * sign), block ** sign, block ** sign];
  return dims?.length === 4 ? [dims.map((dim, i) => (dim === null ? null : dim * factors[i]!))] : undefined;
}

/** The shape that two shapes are broadcast to; undefined where they do not fit. */
export function broadcastDims(a: Dims, b: Dims): Dims | undefined {
  const rank = Math.max(a.length, b.length);
  const result: (number | null)[] = [];
  for (let i = 0; i < rank; i++) {
    const [x, y] = [a.at(i - rank) ?? null, b.at(i - rank) ?? null];
    const left = i < rank - a.length ? 1 : x;
    const right = i < rank - b.length ? 1 : y;
    if (left === 1) result.push(right);
    else if (right === 1 || left === right || right === null) result.push(left);
    else if (left === null) result.push(right);
    else return undefined;
  }
  return result;
}

/** Whether a node resizes by copying the nearest value, which takes 8-bit values as they are. */
export function isNearestResize(node: NodeProto): boolean {
  return node.opType === 'Resize' && ['', 'nearest'].includes(textOf(node, 'mode'));
}

function product(dims: Dims | undefined): number | null {
  if (dims === undefined || dims.some((dim) => dim === null)) return null;
  return dims.reduce<number>((total, dim) => total * dim!, 1);
}

function normal(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
