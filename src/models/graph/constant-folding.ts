import { GraphIndex, topologicalOrder } from './graph-index.ts';
import { intOf, isStandard } from './nodes.ts';
import { DATA_TYPE, type GraphProto, type NodeProto } from './onnx-proto.ts';
import { inferShapes, type ShapeContext } from './shape-inference.ts';
import { computeValues } from './shape-values.ts';
import { elementCount, makeTensor, smallValues, tensorDims, toNumber } from './tensor-data.ts';

/** Operators on lists of whole numbers whose result has the type of what they take. */
const ON_INTEGERS = new Set([
  ...['Identity', 'Unsqueeze', 'Squeeze', 'Reshape', 'Concat', 'Gather', 'Slice'],
  ...['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'],
]);
/** Those that are computed right for lists only, not for tables. */
const ON_LISTS = new Set(['Concat', 'Gather', 'Slice']);

/**
 * Replaces what computes shapes by the shapes, where these follow from the sizes of the inputs: `Shape -> Gather -> Concat`
 * and the like. Weights are left alone: ONNX Runtime folds theirs when it loads a model.
 *
 * @returns how many nodes became constants
 * @throws OcellusError `model_invalid` for a graph that goes in a circle
 */
export function foldConstants(graph: GraphProto, opset: number): number {
  const facts = inferShapes(graph, opset);
  const index = new GraphIndex(graph);
  const known = new Map<string, readonly number[]>();
  for (const tensor of graph.initializer) {
    const short = (elementCount(tensorDims(tensor) ?? []) ?? Number.POSITIVE_INFINITY) <= MAX_VALUES;
    const values = short && toNumber(tensor.dataType) === DATA_TYPE.int64 ? smallValues(tensor) : undefined;
    if (values !== undefined) known.set(tensor.name ?? '', values);
  }
  const context: ShapeContext = {
    opset,
    dims: (name) => (name === undefined ? undefined : facts.get(name)?.dims),
    values: (name) => (name === undefined ? undefined : known.get(name)),
  };
  const folded = new Set<NodeProto>();
  for (const node of topologicalOrder(graph)) {
    const [name] = node.output;
    if (name === undefined || node.output.length !== 1 || index.outputs.has(name)) continue;
    const dims = facts.get(name)?.dims?.filter((dim) => dim !== null);
    const values = givesIntegers(node, context) ? computeValues(node, context) : undefined;
    if (values === undefined || dims === undefined || dims.length !== facts.get(name)?.dims?.length) continue;
    if (elementCount(dims) !== values.length) continue;
    known.set(name, values);
    graph.initializer.push(makeTensor(name, dims, BigInt64Array.from(values, BigInt)));
    folded.add(node);
  }
  graph.node = graph.node.filter((node) => !folded.has(node));
  return folded.size;
}

/** Shapes have a value per axis; more is data. */
const MAX_VALUES = 1024;

/** Whether a node gives 64-bit integers that `computeValues` gets right. */
function givesIntegers(node: NodeProto, context: ShapeContext): boolean {
  if (!isStandard(node)) return false;
  if (node.opType === 'Shape') return true;
  const isCast = node.opType === 'Cast' && intOf(node, 'to', 0) === DATA_TYPE.int64;
  if (!isCast && !ON_INTEGERS.has(node.opType ?? '')) return false;
  const inputs = node.input.filter((name) => name !== '');
  if (inputs.length === 0 || inputs.some((name) => context.values(name) === undefined)) return false;
  return !ON_LISTS.has(node.opType ?? '') || context.dims(inputs[0])?.length === 1;
}
