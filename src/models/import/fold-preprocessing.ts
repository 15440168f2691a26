import { GraphIndex } from '../graph/graph-index.ts';
import type { OnnxModel } from '../graph/model-io.ts';
import { makeNode, makeValueInfo } from '../graph/nodes.ts';
import { DATA_TYPE, type NodeProto } from '../graph/onnx-proto.ts';
import { floatValues, makeTensor, smallValues, toNumber } from '../graph/tensor-data.ts';
import type { ModelInput } from '../image-input.ts';
import { type Arithmetic, chooseArithmetic, LEVELS, levelValues } from './level-arithmetic.ts';

/** How an imported model takes its pictures. */
export interface PictureForm {
  readonly layout: BatchLayout;
  readonly colourOrder: ModelInput['colourOrder'];
}

/** With a batch axis. */
export type BatchLayout = (typeof BATCH_LAYOUTS)[number];

/** A picture of floats with a batch axis. */
export type FoldableInput = ModelInput & { readonly layout: BatchLayout };

export const BATCH_LAYOUTS = ['nchw', 'nhwc'] as const;
const CHANNEL_AXIS = { nchw: 1, nhwc: 3 } as const;
/** `perm` of the Transpose into a layout from the other one. */
const INTO = { nchw: [0, 3, 1, 2], nhwc: [0, 2, 3, 1] } as const;

/**
 * Gives a model an input of bytes: layout, order of the colours and normalisation become nodes at its start. What was the
 * input keeps its name and its values, so that nothing behind it changes.
 *
 * @param input how the model is fed now, with a fixed size
 * @param form how it is to be fed
 * @returns what was done, for people
 */
export function foldPreprocessing(model: OnnxModel, input: FoldableInput, form: PictureForm): string[] {
  const { graph } = model;
  const index = new GraphIndex(graph);
  const old = graph.input[0]?.name ?? '';
  const bytes = index.freshName(`${old}_uint8`);
  const nodes: NodeProto[] = [];
  const done = [`the input takes bytes, ${form.layout}, ${form.colourOrder}`];
  let current = bytes;
  const add = (opType: string, inputs: string[], attributes: Parameters<typeof makeNode>[3] = {}) => {
    const output = index.freshName(`${old}_${opType.toLowerCase()}`);
    nodes.push(makeNode(opType, [current, ...inputs], [output], attributes));
    current = output;
  };
  if (form.layout !== input.layout) {
    add('Transpose', [], { perm: [...INTO[input.layout]] });
    done.push(`${form.layout} is turned into ${input.layout}`);
  }
  if (form.colourOrder !== input.colourOrder) {
    const order = index.freshName(`${old}_order`);
    graph.initializer.push(makeTensor(order, [3], BigInt64Array.of(2n, 1n, 0n)));
    add('Gather', [order], { axis: CHANNEL_AXIS[input.layout] });
    done.push(`${form.colourOrder} is turned into ${input.colourOrder}`);
  }
  const quantizer = sameLevels(index, old, input);
  if (quantizer !== undefined) {
    // What quantization makes of the normalised levels is the levels themselves.
    const [was] = quantizer.output;
    graph.node = graph.node.filter((node) => node !== quantizer);
    for (const user of index.consumersOf(was!)) {
      user.input = user.input.map((name) => (name === was ? current : name));
    }
    done.push('the bytes are the quantized input');
  } else {
    add('Cast', [], { to: DATA_TYPE.float32 });
    const arithmetic = chooseArithmetic(input);
    for (const [i, { opType, values }] of arithmetic.steps.entries()) {
      const constant = index.freshName(`${old}_constant_${i}`);
      graph.initializer.push(makeTensor(constant, channelShape(values, input), Float32Array.from(values)));
      add(opType, [constant]);
    }
    nodes.at(-1)!.output = [old];
    done.push(describe(arithmetic));
  }
  graph.node = [...nodes, ...graph.node];
  const { widthPx, heightPx } = input;
  const dims = form.layout === 'nchw' ? [1, 3, heightPx, widthPx] : [1, heightPx, widthPx, 3];
  graph.input = [makeValueInfo(bytes, DATA_TYPE.uint8, dims)];
  return done;
}

/** One value for all channels, or one for each. */
function channelShape(values: readonly number[], { layout }: ModelInput): number[] {
  if (values.length === 1) return [];
  return layout === 'nchw' ? [1, 3, 1, 1] : [1, 1, 1, 3];
}

/**
 * The QuantizeLinear that is the only user of the input and gives each normalised level back as the level it was made of: with
 * scale 1/255 and zero point 0, as quantizers choose for pictures of 0..1.
 */
function sameLevels(index: GraphIndex, input: string, how: ModelInput): NodeProto | undefined {
  const node = index.onlyConsumer(input);
  if (node?.opType !== 'QuantizeLinear' || node.input.length !== 3 || node.input[0] !== input)
    return undefined;
  const [was] = node.output;
  const scaleTensor = index.initializers.get(node.input[1]!);
  const zeroTensor = index.initializers.get(node.input[2]!);
  if (was === undefined || scaleTensor === undefined || zeroTensor === undefined) return undefined;
  if (toNumber(scaleTensor.dataType) !== DATA_TYPE.float32) return undefined;
  const scale = floatValues(scaleTensor);
  const zero = smallValues(zeroTensor);
  const isPlain = toNumber(zeroTensor.dataType) === DATA_TYPE.uint8 && zero?.length === 1 && zero[0] === 0;
  const isCaptured = index.consumersOf(was).some((user) => !user.input.includes(was));
  if (!isPlain || scale.length !== 1 || isCaptured || index.outputs.has(was)) return undefined;
  const same = [0, 1, 2].every((channel) =>
    LEVELS.every((level) => {
      const quantized = Math.fround(levelValues(how, channel as 0 | 1 | 2)[level]! / scale[0]!);
      // Within a thousandth, rounding is the same however ties are broken.
      return Math.abs(quantized - level) < 1e-3;
    }),
  );
  return same ? node : undefined;
}

function describe({ steps, worst }: Arithmetic): string {
  const how = steps.map(
    ({ opType, values }) => `${opType} ${values.map((value) => value.toPrecision(6)).join(' ')}`,
  );
  const exact = worst === 0 ? 'exact' : `within ${worst.toExponential(1)}`;
  return `normalisation is part of the graph: ${['Cast', ...how].join(', ')} (${exact} on all 256 levels)`;
}
