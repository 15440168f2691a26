import { OcellusError } from '../../base/errors.ts';
import { GraphIndex } from './graph-index.ts';
import type { OnnxModel } from './model-io.ts';
import { attributeOf, intOf, intsOf, isStandard } from './nodes.ts';
import type { NodeProto } from './onnx-proto.ts';
import { inferShapes } from './shape-inference.ts';
import { makeTensor, toNumber } from './tensor-data.ts';

/** The operator set with one scale per channel, which both ONNX Runtime and TensorRT read. */
export const QDQ_OPSET = 13;
/** The oldest operator set whose graphs can be brought to 13: before it, Resize and Slice were other operators. */
const OLDEST_OPSET = 11;

/** Operators whose list of numbers was an attribute before operator set 13 and is an input since. */
const LISTS: Readonly<Record<string, string>> = {
  Split: 'split',
  Squeeze: 'axes',
  Unsqueeze: 'axes',
  ReduceSum: 'axes',
};
const SOFTMAX = new Set(['Softmax', 'LogSoftmax', 'Hardmax']);

/** The version of the default operator set that a model uses; 0 when it names none. */
export function opsetOf({ opsetImport }: OnnxModel): number {
  return toNumber(opsetImport.find(({ domain }) => (domain ?? '') === '' || domain === 'ai.onnx')?.version);
}

/**
 * Brings a model of an older operator set to 13; newer ones are left alone (github.com/onnx/onnx/blob/main/docs/Changelog.md).
 *
 * @throws OcellusError `model_unsupported` below operator set 11, or where an old operator has no equal
 */
export function upgradeOpset(model: OnnxModel): void {
  const opset = opsetOf(model);
  if (opset >= QDQ_OPSET) return;
  if (opset < OLDEST_OPSET) {
    throw unsupported(
      `the model has operator set ${opset}, and ${OLDEST_OPSET} is the oldest that can be rewritten`,
    );
  }
  const { graph } = model;
  const index = new GraphIndex(graph);
  const facts = inferShapes(graph, opset);
  const softmax = graph.node.filter((node) => isStandard(node) && SOFTMAX.has(node.opType ?? ''));
  // What cannot be raised is found before anything is changed.
  for (const node of softmax) assertOneAxis(node, facts.get(node.input[0] ?? '')?.dims?.length);
  for (const node of softmax) {
    const axis = attributeOf(node, 'axis');
    if (axis !== undefined) axis.i = -1;
  }
  for (const node of graph.node) {
    if (!isStandard(node)) continue;
    const list = LISTS[node.opType ?? ''];
    const values = list === undefined ? undefined : intsOf(node, list);
    if (list === undefined || values === undefined) continue;
    const name = index.freshName(`${node.output[0]}_${list}`);
    graph.initializer.push(makeTensor(name, [values.length], BigInt64Array.from(values, BigInt)));
    node.attribute = node.attribute.filter((attribute) => attribute.name !== list);
    node.input = [node.input[0]!, name];
  }
  for (const id of model.opsetImport) {
    if ((id.domain ?? '') === '' || id.domain === 'ai.onnx') id.version = QDQ_OPSET;
  }
}

/** Before 13 all axes from `axis` on were one; that is the same where it is the last, and the default changed to it. */
function assertOneAxis(node: NodeProto, rank: number | undefined): void {
  const axis = intOf(node, 'axis', 1);
  const isLast = axis === -1 || (rank !== undefined && axis === rank - 1);
  if (!isLast) throw unsupported(`${node.opType} over several axes at once (${node.name ?? node.output[0]})`);
}

function unsupported(why: string): OcellusError {
  return new OcellusError(
    'model_unsupported',
    `the model cannot be brought to operator set ${QDQ_OPSET}: ${why}`,
    {
      hint: 'export it again with operator set 13 or newer (torch.onnx.export(..., opset_version=17))',
    },
  );
}
