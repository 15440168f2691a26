import { GraphIndex } from '../graph/graph-index.ts';
import type { OnnxModel } from '../graph/model-io.ts';
import { DATA_TYPE, type GraphProto, type NodeProto, type TensorProto } from '../graph/onnx-proto.ts';
import { smallValues, tensorDims, toNumber } from '../graph/tensor-data.ts';

/** How a model is quantized: `qdq` with QuantizeLinear/DequantizeLinear pairs, `qlinear` with QLinear operators. */
export type QuantizationKind = 'none' | 'dynamic' | 'qdq' | 'qlinear' | 'weight-only' | 'mixed';

export interface Quantization {
  readonly kind: QuantizationKind;
  /** Convolutions and matrix products, and how many of them compute in integers. */
  readonly products: number;
  readonly quantizedProducts: number;
  /** Element types of quantized weights and of quantized activations. */
  readonly weightTypes: readonly string[];
  readonly activationTypes: readonly string[];
  /** Whether every weight has one scale per channel; null without quantized weights. */
  readonly perChannel: boolean | null;
  /** Whether every zero point is 0, as TensorRT requires; null without quantization. */
  readonly symmetric: boolean | null;
  /** Whether weights are half-precision floats. */
  readonly float16: boolean;
}

const PRODUCTS = new Set(['Conv', 'ConvTranspose', 'MatMul', 'Gemm']);
const INTEGER_PRODUCTS = new Set([
  'ConvInteger',
  'MatMulInteger',
  'DynamicQuantizeMatMul',
  'DynamicQuantizeLSTM',
]);
const WEIGHT_ONLY = new Set(['MatMulNBits', 'GatherBlockQuantized', 'MatMulBnb4']);

/** Finds out how the numbers of a model are quantized, from its operators and the types of its tensors. */
export function quantizationOf({ graph }: OnnxModel): Quantization {
  const index = new GraphIndex(graph);
  const found = new Findings();
  for (const node of graph.node) findings(node, index, found);
  const kinds = [...found.kinds];
  const [only] = kinds;
  const halves = graph.initializer.filter(({ dataType }) => toNumber(dataType) === DATA_TYPE.float16).length;
  return {
    kind: only === undefined ? 'none' : kinds.length === 1 ? only : 'mixed',
    products: found.products,
    quantizedProducts: found.quantizedProducts,
    weightTypes: [...found.weightTypes].sort(),
    activationTypes: [...found.activationTypes].sort(),
    perChannel: found.weights === 0 ? null : found.perChannel === found.weights,
    symmetric: found.zeroPoints === 0 ? null : found.nonZero === 0,
    float16: halves > 0 && halves * 2 >= floats(graph),
  };
}

class Findings {
  readonly kinds = new Set<QuantizationKind>();
  readonly weightTypes = new Set<string>();
  readonly activationTypes = new Set<string>();
  products = 0;
  quantizedProducts = 0;
  weights = 0;
  perChannel = 0;
  zeroPoints = 0;
  nonZero = 0;

  weight(tensor: TensorProto, scale: TensorProto | undefined): void {
    this.weights += 1;
    this.weightTypes.add(typeName(tensor));
    if ((tensorDims(scale ?? tensor)?.length ?? 0) > 0) this.perChannel += 1;
  }

  zeroPoint(tensor: TensorProto | undefined): void {
    this.zeroPoints += 1;
    if (tensor !== undefined && smallValues(tensor)?.some((value) => value !== 0) === true) this.nonZero += 1;
  }
}

function findings(node: NodeProto, index: GraphIndex, found: Findings): void {
  const operator = node.opType ?? '';
  const constant = (at: number) => index.initializers.get(node.input[at] ?? '');
  if (operator === 'QuantizeLinear') {
    const zero = constant(2);
    found.activationTypes.add(zero === undefined ? 'uint8' : typeName(zero));
    found.zeroPoint(zero);
  } else if (operator === 'DequantizeLinear' && constant(0) !== undefined) {
    if (toNumber(constant(0)!.dataType) !== DATA_TYPE.int32) found.weight(constant(0)!, constant(1));
    found.zeroPoint(constant(2));
  } else if (PRODUCTS.has(operator)) {
    found.products += 1;
    const [input, weight] = node.input.map((name) => index.producers.get(name));
    const isQuantized = (each: NodeProto | undefined) => each?.opType === 'DequantizeLinear';
    if (isQuantized(input) && isQuantized(weight)) {
      found.kinds.add('qdq');
      found.quantizedProducts += 1;
    } else if (isQuantized(weight)) found.kinds.add('weight-only');
  } else if (INTEGER_PRODUCTS.has(operator)) {
    found.kinds.add('dynamic');
    found.products += 1;
    found.quantizedProducts += 1;
    const weight = constant(1);
    if (weight !== undefined) found.weight(weight, undefined);
  } else if (operator.startsWith('QLinear')) {
    found.kinds.add('qlinear');
    if (operator !== 'QLinearConv' && operator !== 'QLinearMatMul') return;
    found.products += 1;
    found.quantizedProducts += 1;
    const weight = constant(3);
    if (weight !== undefined) found.weight(weight, constant(4));
    found.zeroPoint(constant(2));
  } else if (WEIGHT_ONLY.has(operator)) {
    found.kinds.add('weight-only');
    found.products += 1;
  }
}

function typeName({ dataType }: TensorProto): string {
  const names: Readonly<Record<number, string>> = {
    2: 'uint8',
    3: 'int8',
    4: 'uint16',
    5: 'int16',
    6: 'int32',
  };
  return names[toNumber(dataType)] ?? `type ${toNumber(dataType)}`;
}

function floats({ initializer }: GraphProto): number {
  const of: readonly number[] = [DATA_TYPE.float16, DATA_TYPE.float32];
  return initializer.filter(({ dataType, dims }) => of.includes(toNumber(dataType)) && dims.length > 1)
    .length;
}
