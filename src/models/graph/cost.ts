import { intOf } from './nodes.ts';
import type { GraphProto, NodeProto } from './onnx-proto.ts';
import type { Dims, ValueFacts } from './shape-inference.ts';
import { elementCount, tensorDims } from './tensor-data.ts';

/** What one run of a model takes, as far as its shapes tell. */
export interface GraphCost {
  /** Multiplications with additions of convolutions and matrix products; an operation of each counts as 2 FLOPs. */
  readonly macs: number;
  /** Convolutions and products whose shapes are not known, and which are missing in `macs`. */
  readonly unknown: number;
  /** Numbers in weights. */
  readonly parameters: number;
}

/** Input of the weights of operators that multiply; 0-based. */
const WEIGHTS: Readonly<Record<string, number>> = {
  Conv: 1,
  ConvInteger: 1,
  FusedConv: 1,
  QLinearConv: 3,
  ConvTranspose: 1,
  MatMul: 1,
  MatMulInteger: 1,
  QLinearMatMul: 3,
  Gemm: 1,
};

/** Costs of a graph whose shapes were inferred. Subgraphs are not entered. */
export function graphCost(graph: GraphProto, facts: ReadonlyMap<string, ValueFacts>): GraphCost {
  let macs = 0;
  let unknown = 0;
  for (const node of graph.node) {
    const cost = nodeMacs(node, (name) => facts.get(name)?.dims);
    if (cost === null) unknown += 1;
    else macs += cost;
  }
  let parameters = 0;
  for (const tensor of graph.initializer) {
    const dims = tensorDims(tensor);
    parameters += dims === null ? 0 : (elementCount(dims) ?? 0);
  }
  return { macs, unknown, parameters };
}

/** Multiplications with additions of one node: 0 for operators that do none to speak of, null when not known. */
export function nodeMacs(node: NodeProto, dimsOf: (name: string) => Dims | undefined): number | null {
  const at = WEIGHTS[node.opType ?? ''];
  if (at === undefined) return 0;
  const weights = dimsOf(node.input[at] ?? '');
  const [input, output] = [dimsOf(node.input[0] ?? ''), dimsOf(node.output[0] ?? '')];
  const outputs = known(output);
  if (outputs === null || weights === undefined) return null;
  if (node.opType === 'ConvTranspose') return times(known(input), known(weights.slice(1)));
  if (node.opType?.includes('Conv') === true) return times(outputs, known(weights.slice(1)));
  if (node.opType === 'Gemm') return times(outputs, intOf(node, 'transB', 0) ? weights[1]! : weights[0]!);
  return times(outputs, weights.at(-2) ?? null);
}

function known(dims: Dims | undefined): number | null {
  if (dims === undefined || dims.some((dim) => dim === null)) return null;
  return elementCount(dims as number[]);
}

function times(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a * b;
}
