import type { GraphIndex } from '../graph/graph-index.ts';
import { intOf, isStandard } from '../graph/nodes.ts';
import type { GraphProto, NodeProto } from '../graph/onnx-proto.ts';
import { isNearestResize } from '../graph/shape-rules.ts';
import { tensorDims } from '../graph/tensor-data.ts';

/** What 8-bit integers do for an operator. */
type Kind =
  /** Multiplies weights: this is what gains. */
  | 'product'
  /** Computes value by value or joins: it has to be quantized where both sides are, or floats go back and forth. */
  | 'pointwise'
  /** Moves values about: takes 8 bits as they are, with one scale for input and output. */
  | 'move';

const POINTWISE = new Set([
  'Sigmoid',
  'Mul',
  'Add',
  'Concat',
  'LeakyRelu',
  'GlobalAveragePool',
  'AveragePool',
  'Softmax',
]);
const MOVES = new Set([
  'MaxPool',
  'Reshape',
  'Transpose',
  'Split',
  'Slice',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
]);
/** Operators that ONNX Runtime makes part of the convolution before them. */
const FUSED = new Set(['Relu', 'Clip']);

/** Which values of a graph become 8 bits. */
export interface Placement {
  /** Nodes that compute in integers. */
  readonly nodes: ReadonlySet<NodeProto>;
  /** Values with a scale, and the value whose scale each shares: itself where it has its own. */
  readonly values: ReadonlyMap<string, string>;
}

/** What a node can be; undefined: it stays in float. */
export function kindOf(node: NodeProto, index: GraphIndex): Kind | undefined {
  if (!isStandard(node)) return undefined;
  const operator = node.opType ?? '';
  if (operator === 'Conv') {
    const weights = index.initializers.get(node.input[1] ?? '');
    const bias = node.input[2];
    const isConstant = weights !== undefined && (!bias || index.initializers.has(bias));
    return isConstant && tensorDims(weights)?.length === 4 ? 'product' : undefined;
  }
  if (MOVES.has(operator) || isNearestResize(node)) return 'move';
  if (!POINTWISE.has(operator)) return undefined;
  const operands = operator === 'Mul' || operator === 'Add' || operator === 'Concat';
  return operands && node.input.some((name) => index.initializers.has(name)) ? undefined : 'pointwise';
}

/** The convolutions that can be quantized, in the order of the graph. */
export function quantizableProducts(graph: GraphProto, index: GraphIndex): NodeProto[] {
  return graph.node.filter((node) => kindOf(node, index) === 'product');
}

/**
 * Decides what computes in integers: the given convolutions, and what lies between quantized values, so that no value goes to
 * float and back without need. The way from scores or boxes to the outputs stays in float.
 *
 * @param products convolutions to quantize
 */
export function placeQuantization(
  graph: GraphProto,
  index: GraphIndex,
  products: ReadonlySet<NodeProto>,
): Placement {
  const nodes = new Set<NodeProto>(products);
  const feeds = leadsToProduct(graph, index, products);
  // Makers come first, so one pass sees every quantized input.
  const quantized = new Set<string>();
  for (const node of graph.node) {
    const kind = kindOf(node, index);
    const inputs = dataInputs(node);
    const fromIntegers = inputs.length > 0 && inputs.every((name) => quantized.has(name));
    const joins = kind === 'pointwise' || kind === 'move';
    if (joins && fromIntegers && feeds.has(node)) nodes.add(node);
    if (nodes.has(node))
      for (const name of node.output) if (name !== '') quantized.add(fusedOutput(name, index));
    const isFused = FUSED.has(node.opType ?? '') && quantized.has(node.output[0] ?? '');
    if (isFused) nodes.add(node);
  }
  return { nodes, values: sharedScales(graph, index, nodes) };
}

/** Nodes from which a way leads to a convolution that is quantized. */
function leadsToProduct(
  graph: GraphProto,
  index: GraphIndex,
  products: ReadonlySet<NodeProto>,
): Set<NodeProto> {
  const leads = new Set<NodeProto>();
  for (const node of [...graph.node].reverse()) {
    const users = node.output.flatMap((name) => [...index.consumersOf(name)]);
    if (users.some((user) => products.has(user) || leads.has(user))) leads.add(node);
  }
  return leads;
}

/** The value after a Relu or Clip that a convolution takes in: between the two there is no 8-bit value. */
export function fusedOutput(name: string, index: GraphIndex): string {
  const user = index.onlyConsumer(name);
  const producer = index.producers.get(name);
  const fuses = producer?.opType === 'Conv' && user !== undefined && FUSED.has(user.opType ?? '');
  return fuses ? user.output[0]! : name;
}

/** Inputs that are data, without shapes, axes and other settings. */
export function dataInputs(node: NodeProto): string[] {
  const all = node.opType === 'Concat' || node.opType === 'Mul' || node.opType === 'Add';
  return (all ? node.input : node.input.slice(0, 1)).filter((name) => name !== '');
}

function sharedScales(
  graph: GraphProto,
  index: GraphIndex,
  nodes: ReadonlySet<NodeProto>,
): Map<string, string> {
  const values = new Map<string, string>();
  for (const node of graph.node) {
    if (!nodes.has(node) || FUSED.has(node.opType ?? '')) continue;
    for (const name of dataInputs(node)) if (!values.has(name)) values.set(name, name);
    const isMove = kindOf(node, index) === 'move';
    for (const name of node.output) {
      const value = fusedOutput(name, index);
      if (value !== '') values.set(value, isMove ? (values.get(node.input[0]!) ?? node.input[0]!) : value);
    }
  }
  return values;
}

/** Groups of a convolution. */
export function groupsOf(node: NodeProto): number {
  return intOf(node, 'group', 1);
}
