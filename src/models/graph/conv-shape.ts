import { intOf, intsOf, textOf } from './nodes.ts';
import type { NodeProto } from './onnx-proto.ts';
import type { Dims, ShapeContext } from './shape-inference.ts';

/** Input of the weights by operator; pools have none. */
const WEIGHTS: Readonly<Record<string, number>> = { QLinearConv: 3 };

/** Shape of what a window is moved over: convolutions and pools (onnx.ai/onnx/operators/onnx__Conv.html). */
export function windowShape(node: NodeProto, context: ShapeContext): (Dims | undefined)[] | undefined {
  const dims = context.dims(node.input[0]);
  if (dims === undefined || dims.length < 3) return undefined;
  const isPool = node.opType?.endsWith('Pool') === true;
  const weights = isPool ? undefined : context.dims(node.input[WEIGHTS[node.opType ?? ''] ?? 1]);
  const spatial = dims.length - 2;
  const kernel = intsOf(node, 'kernel_shape') ?? weights?.slice(2);
  if (kernel?.length !== spatial) return undefined;
  const strides = intsOf(node, 'strides') ?? kernel.map(() => 1);
  const dilations = intsOf(node, 'dilations') ?? kernel.map(() => 1);
  const pads = intsOf(node, 'pads') ?? kernel.flatMap(() => [0, 0]);
  const isTransposed = node.opType === 'ConvTranspose';
  const group = intOf(node, 'group', 1);
  const transposedChannels = weights?.[1] == null ? null : weights[1] * group;
  const channels = isPool ? dims[1]! : isTransposed ? transposedChannels : (weights?.[0] ?? null);
  const size = (axis: number): number | null => {
    const [from, window] = [dims[axis + 2] ?? null, kernel[axis] ?? null];
    const stride = strides[axis] ?? 1;
    if (from === null || window === null || stride < 1) return null;
    const reach = (dilations[axis] ?? 1) * (window - 1) + 1;
    const around = (pads[axis] ?? 0) + (pads[axis + spatial] ?? 0);
    if (isTransposed) {
      const extra = intsOf(node, 'output_padding')?.[axis] ?? 0;
      return intsOf(node, 'output_shape')?.[axis] ?? stride * (from - 1) + extra + reach - around;
    }
    if (textOf(node, 'auto_pad').startsWith('SAME')) return Math.ceil(from / stride);
    const steps = (from + around - reach) / stride;
    return (intOf(node, 'ceil_mode', 0) ? Math.ceil(steps) : Math.floor(steps)) + 1;
  };
  return [[dims[0]!, channels, ...kernel.map((_, axis) => size(axis))]];
}
