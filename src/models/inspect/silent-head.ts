import { GraphIndex } from '../graph/graph-index.ts';
import type { GraphProto, NodeProto } from '../graph/onnx-proto.ts';
import { smallValues } from '../graph/tensor-data.ts';

/** A place where scores were quantized with too coarse a scale. */
export interface CoarseScores {
  /** Name of the quantized value. */
  readonly value: string;
  /** Step between two scores that can be told apart. */
  readonly scale: number;
  /** No score of 0..1 is ever anything but 0: the step is more than twice the best score. */
  readonly silent: boolean;
  /** Whether boxes share the tensor: what nearly always is the cause. */
  readonly withBoxes: boolean;
}

/** Operators that move numbers about without changing them. */
const MOVES = new Set([
  ...['Concat', 'Reshape', 'Transpose', 'Slice', 'Split', 'Identity', 'Squeeze', 'Unsqueeze', 'Flatten'],
  ...['QuantizeLinear', 'DequantizeLinear', 'Cast', 'Gather', 'Expand'],
]);
const SCORES = new Set(['Sigmoid', 'Softmax', 'QLinearSigmoid', 'HardSigmoid']);
/** A step of more than this leaves at most 20 scores between 0 and 1. */
const COARSE_STEP = 0.05;

/**
 * Quantized tensors on the way to the outputs that hold scores of 0..1 with a step that is too coarse for them. Boxes of up to
 * 640 pixels and scores of up to 1 that share a tensor share its scale of about 640/255 too, which rounds every score to 0.
 */
export function coarseScores(graph: GraphProto): CoarseScores[] {
  const index = new GraphIndex(graph);
  const found = new Map<string, CoarseScores>();
  for (const node of graph.node) {
    if (node.opType !== 'QuantizeLinear' || !isTail(node, index)) continue;
    const origin = originOf(node.input[0] ?? '', index);
    if (!origin.scores) continue;
    const scale = largestScale(node, index);
    if (scale === undefined || scale <= COARSE_STEP) continue;
    const value = node.input[0] ?? '';
    found.set(value, { value, scale, silent: scale > 2, withBoxes: origin.others });
  }
  return [...found.values()];
}

/** Whether what a node gives reaches an output of the graph by moves alone. */
function isTail(node: NodeProto, index: GraphIndex): boolean {
  const waiting = [node];
  const seen = new Set<NodeProto>(waiting);
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    for (const name of each.output) {
      if (index.outputs.has(name)) return true;
      for (const user of index.consumersOf(name)) {
        if (seen.has(user) || !MOVES.has(user.opType ?? '')) continue;
        seen.add(user);
        waiting.push(user);
      }
    }
  }
  return false;
}

/** Whether a value holds scores, and whether it holds anything else, back over moves alone. */
function originOf(name: string, index: GraphIndex): { scores: boolean; others: boolean } {
  const origin = { scores: false, others: false };
  const waiting = [name];
  const seen = new Set(waiting);
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    const maker = index.producers.get(each);
    if (maker !== undefined && SCORES.has(maker.opType ?? '')) origin.scores = true;
    else if (maker === undefined || !MOVES.has(maker.opType ?? '')) origin.others = true;
    else {
      const moved = maker.opType === 'Concat' ? maker.input : maker.input.slice(0, 1);
      for (const input of moved) {
        if (seen.has(input)) continue;
        seen.add(input);
        waiting.push(input);
      }
    }
  }
  return origin;
}

function largestScale(node: NodeProto, index: GraphIndex): number | undefined {
  const tensor = index.initializers.get(node.input[1] ?? '');
  const values = tensor === undefined ? undefined : smallValues(tensor);
  return values === undefined || values.length === 0 ? undefined : Math.max(...values.slice(0, 4096));
}
