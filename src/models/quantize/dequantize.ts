import { GraphIndex } from '../graph/graph-index.ts';
import { intOf } from '../graph/nodes.ts';
import type { GraphProto, TensorProto } from '../graph/onnx-proto.ts';
import { dropUnused } from '../graph/simplify.ts';
import { makeTensor, smallValues, tensorDims, tensorValues } from '../graph/tensor-data.ts';

/**
 * Takes QuantizeLinear and DequantizeLinear out of a graph: weights become the floats that they stand for, activations pass
 * as they are. What remains is the float model that the quantized one comes nearest to.
 *
 * @returns how many weights were turned into floats
 */
export function dequantizeGraph(graph: GraphProto): number {
  const index = new GraphIndex(graph);
  const renamed = new Map<string, string>();
  const kept = [];
  let weights = 0;
  for (const node of graph.node) {
    const [input, scale, zero] = node.input.map((name) => index.initializers.get(name));
    if (node.opType === 'DequantizeLinear' && input !== undefined && scale !== undefined) {
      graph.initializer.push(floatsOf(node.output[0]!, input, scale, zero, intOf(node, 'axis', 1)));
      weights += 1;
    } else if (node.opType === 'QuantizeLinear' || node.opType === 'DequantizeLinear') {
      renamed.set(node.output[0]!, node.input[0]!);
    } else kept.push(node);
  }
  const origin = (name: string) => {
    let at = name;
    for (let next = renamed.get(at); next !== undefined; next = renamed.get(at)) at = next;
    return at;
  };
  const outputs = new Set(graph.output.map(({ name }) => name ?? ''));
  graph.node = kept.map((node) => ({ ...node, input: node.input.map(origin) }));
  // An output that was dequantized last takes its name from the value that it now is.
  for (const name of outputs) {
    const from = origin(name);
    if (from === name) continue;
    for (const node of graph.node) {
      node.output = node.output.map((each) => (each === from ? name : each));
      node.input = node.input.map((each) => (each === from ? name : each));
    }
  }
  dropUnused(graph);
  return weights;
}

function floatsOf(
  name: string,
  tensor: TensorProto,
  scale: TensorProto,
  zero: TensorProto | undefined,
  axis: number,
): TensorProto {
  const dims = tensorDims(tensor) ?? [];
  const values = tensorValues(tensor) ?? new Float32Array(0);
  const scales = smallValues(scale) ?? [];
  const zeros = zero === undefined ? undefined : smallValues(zero);
  const at = axis < 0 ? axis + dims.length : axis;
  const inner = dims.slice(at + 1).reduce((product, dim) => product * dim, 1);
  const floats = Float32Array.from(values as ArrayLike<number>, (value, i) => {
    const channel = scales.length === 1 ? 0 : Math.floor(i / inner) % scales.length;
    return (Number(value) - (zeros?.[channel] ?? 0)) * scales[channel]!;
  });
  return makeTensor(name, dims, floats);
}
