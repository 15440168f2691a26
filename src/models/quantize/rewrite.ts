import { GraphIndex } from '../graph/graph-index.ts';
import type { OnnxModel } from '../graph/model-io.ts';
import { makeNode } from '../graph/nodes.ts';
import type { GraphProto, NodeProto, TensorProto } from '../graph/onnx-proto.ts';
import { dropUnused } from '../graph/simplify.ts';
import { floatValues, makeTensor, tensorDims } from '../graph/tensor-data.ts';
import { dataInputs, groupsOf, type Placement } from './placement.ts';
import type { Range } from './ranges.ts';
import { biasCorrection, type QuantizedWeights, quantizeWeights, roundHalfEven } from './weights.ts';

/**
 * `u8s8`: unsigned activations with a zero point, which ONNX Runtime computes fastest on x64 and arm64 CPUs.
 * `s8s8`: signed ones with the zero point 0, which TensorRT requires.
 */
export const QUANTIZED_FORMS = ['u8s8', 's8s8'] as const;
export type QuantizedForm = (typeof QUANTIZED_FORMS)[number];

export interface RewriteOptions {
  readonly form: QuantizedForm;
  readonly placement: Placement;
  /** Ranges by value, for every value that `placement` gives a scale of its own. */
  readonly ranges: ReadonlyMap<string, Range>;
  /** Mean of each channel of the values that convolutions take, for bias correction; absent: without it. */
  readonly channelMeans: ReadonlyMap<string, Float32Array> | undefined;
}

interface Scale {
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * Rewrites a float graph of operator set 13 or newer into QuantizeLinear/DequantizeLinear form: a pair on every placed value,
 * weights of 8 bits per channel, biases of 32 bits. ONNX Runtime turns what lies between pairs into integer operators.
 */
export function quantizeGraph(model: OnnxModel, options: RewriteOptions): void {
  new Rewriter(model.graph, options).run();
}

/** Scale and zero point of a range. Zero is always one of the levels, as ONNX requires of padding. */
export function scaleOf({ low, high }: Range, form: QuantizedForm): Scale {
  if (form === 's8s8') return { scale: Math.fround(Math.max(-low, high) / 127) || 1, zeroPoint: 0 };
  const scale = Math.fround((high - low) / 255) || 1;
  return { scale, zeroPoint: Math.max(0, Math.min(255, roundHalfEven(-low / scale))) };
}

class Rewriter {
  readonly #graph: GraphProto;
  readonly #options: RewriteOptions;
  readonly #index: GraphIndex;
  readonly #scales = new Map<string, Scale>();
  readonly #added: NodeProto[] = [];
  readonly #inputs: ReadonlyMap<NodeProto, string>;

  constructor(graph: GraphProto, options: RewriteOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#index = new GraphIndex(graph);
    this.#inputs = new Map(graph.node.map((node) => [node, node.input[0] ?? '']));
  }

  run(): void {
    const { nodes, values } = this.#options.placement;
    for (const [value, root] of values) this.#quantizeValue(value, root);
    for (const node of nodes) if (node.opType === 'Conv') this.#quantizeConvolution(node);
    this.#graph.node = [...this.#graph.node, ...this.#added];
    // Types and shapes of values did not change, but some values are new and some have another maker.
    dropUnused(this.#graph);
  }

  /** Puts a pair behind a value: every user takes what comes out of it, where the maker computes in integers. */
  #quantizeValue(value: string, root: string): void {
    const index = this.#index;
    const { nodes } = this.#options.placement;
    const [made, rounded, restored] = ['float', 'quantized', 'dequantized'].map((what) =>
      index.freshName(`${value}_${what}`),
    );
    const maker = index.producers.get(value);
    const isInteger = maker !== undefined && nodes.has(maker);
    const isOutput = isInteger && index.outputs.has(value);
    // An output of the graph keeps its name: it is what comes out of the pair.
    const source = isOutput ? made! : value;
    const target = isOutput ? value : restored!;
    if (isOutput) maker.output = maker.output.map((name) => (name === value ? source : name));
    for (const user of index.consumersOf(value)) {
      const takes = isInteger || (nodes.has(user) && dataInputs(user).includes(value));
      if (takes) user.input = user.input.map((name) => (name === value ? target : name));
    }
    const [scale, zero] = this.#scaleTensors(root);
    this.#added.push(makeNode('QuantizeLinear', [source, scale, zero], [rounded!]));
    this.#added.push(makeNode('DequantizeLinear', [rounded!, scale, zero], [target]));
  }

  #scaleTensors(root: string): [scale: string, zeroPoint: string] {
    const names = [`${root}_scale`, `${root}_zero_point`] as [string, string];
    if (!this.#scales.has(root)) {
      const { form } = this.#options;
      const made = scaleOf(this.#rangeOf(root), form);
      this.#scales.set(root, made);
      const zero = form === 's8s8' ? Int8Array.of(made.zeroPoint) : Uint8Array.of(made.zeroPoint);
      this.#graph.initializer.push(
        makeTensor(names[0], [], Float32Array.of(made.scale)),
        makeTensor(names[1], [], zero),
      );
    }
    return names;
  }

  #rangeOf(root: string): Range {
    // Nothing was seen of a value that the calibration never made.
    return this.#options.ranges.get(root) ?? { low: 0, high: 1 };
  }

  #quantizeConvolution(node: NodeProto): void {
    const index = this.#index;
    const name = node.name || node.output[0]!;
    const weight = index.initializers.get(node.input[1]!)!;
    const dims = tensorDims(weight)!;
    const channels = dims[0]!;
    const floats = floatValues(weight);
    const quantized = quantizeWeights(floats, channels);
    const weightName = this.#dequantized(
      `${name}_weight`,
      makeTensor('', dims, quantized.values),
      quantized.scales,
    );
    const biases = this.#biases(node, floats, quantized);
    const input = this.#originalInput(node);
    const { scale } = this.#scales.get(this.#options.placement.values.get(input)!)!;
    const biasScales = quantized.scales.map((each) => each * scale);
    const rounded = Int32Array.from(biases, (bias, channel) =>
      clampInt32(roundHalfEven(bias / biasScales[channel]!)),
    );
    const biasName = this.#dequantized(`${name}_bias`, makeTensor('', [channels], rounded), biasScales);
    node.input = [node.input[0]!, weightName, biasName];
  }

  #biases(node: NodeProto, weights: Float32Array, quantized: QuantizedWeights): Float32Array {
    const channels = quantized.scales.length;
    const bias = this.#index.initializers.get(node.input[2] ?? '');
    const values = bias === undefined ? new Float32Array(channels) : Float32Array.from(floatValues(bias));
    const means = this.#options.channelMeans?.get(this.#originalInput(node));
    if (means === undefined) return values;
    const correction = biasCorrection(weights, quantized, means, groupsOf(node));
    return values.map((value, channel) => value + correction[channel]!);
  }

  /** The value that a convolution took before the pair was put between. */
  #originalInput(node: NodeProto): string {
    return this.#inputs.get(node)!;
  }

  /** Adds a constant of integers and the DequantizeLinear that makes floats of it, per channel of axis 0. */
  #dequantized(stem: string, tensor: TensorProto, scales: Float32Array): string {
    const index = this.#index;
    const [rounded, scale, zero, output] = ['quantized', 'scale', 'zero_point', 'dequantized'].map((what) =>
      index.freshName(`${stem}_${what}`),
    );
    const zeros = tensor.dataType === 6 ? new Int32Array(scales.length) : new Int8Array(scales.length);
    this.#graph.initializer.push(
      { ...tensor, name: rounded },
      makeTensor(scale!, [scales.length], scales),
      makeTensor(zero!, [scales.length], zeros),
    );
    this.#added.push(makeNode('DequantizeLinear', [rounded!, scale!, zero!], [output!], { axis: 0 }));
    return output!;
  }
}

function clampInt32(value: number): number {
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value));
}
