import { GraphIndex, topologicalOrder, usedNames } from './graph-index.ts';
import { attributeOf, isStandard } from './nodes.ts';
import type { GraphProto, NodeProto } from './onnx-proto.ts';
import { floatValues, makeTensor, tensorDims } from './tensor-data.ts';

const DEFAULT_EPSILON = 1e-5;

/**
 * Brings a graph into the form that rewriting starts from: constants are initializers and no inputs, batch normalisation is
 * part of the convolution before it, nothing is unused, makers come before users. It computes what it did, to rounding.
 */
export function simplifyGraph(graph: GraphProto): void {
  liftConstants(graph);
  dropIdentities(graph);
  foldBatchNormalisation(graph);
  graph.node = topologicalOrder(graph);
  dropUnused(graph);
}

/** `Constant` nodes become initializers. */
function liftConstants(graph: GraphProto): void {
  const kept: NodeProto[] = [];
  for (const node of graph.node) {
    const tensor = node.opType === 'Constant' && isStandard(node) ? attributeOf(node, 'value')?.t : undefined;
    if (tensor === undefined) kept.push(node);
    else graph.initializer.push({ ...tensor, name: node.output[0] });
  }
  graph.node = kept;
  const names = new Set(graph.initializer.map(({ name }) => name));
  // Before IR version 4, weights were listed among the inputs too.
  graph.input = graph.input.filter(({ name }) => !names.has(name));
}

function dropIdentities(graph: GraphProto): void {
  const index = new GraphIndex(graph);
  const kept: NodeProto[] = [];
  const renamed = new Map<string, string>();
  for (const node of topologicalOrder(graph)) {
    const [from, to] = [node.input[0] ?? '', node.output[0] ?? ''];
    for (const [i, name] of node.input.entries()) node.input[i] = renamed.get(name) ?? name;
    const usedInside = index.consumersOf(to).some((user) => !user.input.includes(to));
    if (node.opType === 'Identity' && isStandard(node) && !index.outputs.has(to) && !usedInside) {
      renamed.set(to, renamed.get(from) ?? from);
    } else kept.push(node);
  }
  graph.node = kept;
}

/** y = scale * (conv(x) + bias - mean) / sqrt(variance + epsilon) + shift is a convolution with other weights. */
function foldBatchNormalisation(graph: GraphProto): void {
  const index = new GraphIndex(graph);
  const gone = new Set<NodeProto>();
  for (const node of graph.node) {
    if (node.opType !== 'BatchNormalization' || node.output.length !== 1) continue;
    const conv = index.producers.get(node.input[0] ?? '');
    if (conv?.opType !== 'Conv' || index.onlyConsumer(conv.output[0]!) !== node) continue;
    const tensors = [conv.input[1], conv.input[2], ...node.input.slice(1)].map((name) =>
      index.initializers.get(name ?? ''),
    );
    const [weight, bias, scale, shift, mean, variance] = tensors;
    const isShared = index.consumersOf(conv.input[1]!).length > 1;
    if (!weight || !scale || !shift || !mean || !variance || isShared || (conv.input[2] && !bias)) continue;
    const epsilon = attributeOf(node, 'epsilon')?.f ?? DEFAULT_EPSILON;
    const [w, s, b, m, v] = [weight, scale, shift, mean, variance].map(floatValues) as [
      ...[Float32Array, Float32Array, Float32Array, Float32Array, Float32Array],
    ];
    const before = bias === undefined ? new Float32Array(s.length) : floatValues(bias);
    const perChannel = w.length / s.length;
    const factors = s.map((value, channel) => value / Math.sqrt(v[channel]! + epsilon));
    const folded = w.map((value, i) => value * factors[Math.floor(i / perChannel)]!);
    const biases = before.map((value, channel) => (value - m[channel]!) * factors[channel]! + b[channel]!);
    const names = [index.freshName(`${weight.name}_folded`), index.freshName(`${weight.name}_bias`)] as const;
    graph.initializer.push(
      makeTensor(names[0], tensorDims(weight)!, folded),
      makeTensor(names[1], [s.length], biases),
    );
    conv.input = [conv.input[0]!, ...names];
    conv.output = [...node.output];
    gone.add(node);
  }
  graph.node = graph.node.filter((node) => !gone.has(node));
}

/** Removes nodes and initializers that no output needs. */
export function dropUnused(graph: GraphProto): void {
  const needed = new Set(graph.output.map(({ name }) => name ?? ''));
  const kept: NodeProto[] = [];
  for (const node of [...topologicalOrder(graph)].reverse()) {
    if (!node.output.some((name) => needed.has(name))) continue;
    kept.push(node);
    for (const name of usedNames(node)) needed.add(name);
  }
  graph.node = kept.reverse();
  graph.initializer = graph.initializer.filter(({ name }) => needed.has(name ?? ''));
  const made = new Set(graph.node.flatMap(({ output }) => output));
  graph.valueInfo = graph.valueInfo.filter(({ name }) => made.has(name ?? ''));
}
