import { GraphIndex, topologicalOrder } from './graph-index.ts';
import { isStandard } from './nodes.ts';
import {
  DATA_TYPE,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './onnx-proto.ts';
import { SHAPE_RULES } from './shape-rules.ts';
import { computeValues } from './shape-values.ts';
import { elementCount, smallValues, tensorDims, toNumber } from './tensor-data.ts';

/** A shape as far as it is known; `null`: an axis that is not. */
export type Dims = readonly (number | null)[];

/** What is known of one value of a graph. */
export interface ValueFacts {
  /** TensorProto.DataType; 0 when unknown. */
  readonly dataType: number;
  /** Undefined when not even the number of axes is known. */
  readonly dims: Dims | undefined;
}

/** What a rule of one operator may ask about the graph. */
export interface ShapeContext {
  readonly opset: number;
  dims(name: string | undefined): Dims | undefined;
  /** Numbers of a small constant, or of a shape that was computed; undefined when not known. */
  values(name: string | undefined): readonly number[] | undefined;
}

/** Axes beyond this are no tensor of any model. */
const MAX_AXES = 64;
/** Numbers in a tensor of shapes, axes or indices. */
const MAX_VALUES = 1024;

/**
 * Shapes and types of the values of a graph, as far as they follow from its inputs (onnx.ai/onnx/operators), and else what
 * the file itself says. Subgraphs are not entered.
 *
 * @param inputDims shapes to assume for inputs, by name
 * @throws OcellusError `model_invalid` for a graph that goes in a circle
 */
export function inferShapes(
  graph: GraphProto,
  opset: number,
  inputDims: Readonly<Record<string, Dims>> = {},
): ReadonlyMap<string, ValueFacts> {
  return new ShapeInference(graph, opset, inputDims).run();
}

class ShapeInference implements ShapeContext {
  readonly opset: number;
  readonly #graph: GraphProto;
  readonly #facts = new Map<string, ValueFacts>();
  readonly #declared = new Map<string, ValueFacts>();
  readonly #values = new Map<string, readonly number[]>();
  readonly #initializers: ReadonlyMap<string, TensorProto>;

  constructor(graph: GraphProto, opset: number, inputDims: Readonly<Record<string, Dims>>) {
    this.opset = opset;
    this.#graph = graph;
    this.#initializers = new GraphIndex(graph).initializers;
    for (const info of [...graph.valueInfo, ...graph.output])
      this.#declared.set(info.name ?? '', declaredFacts(info));
    for (const info of graph.input) {
      const facts = declaredFacts(info);
      this.#facts.set(info.name ?? '', { ...facts, dims: inputDims[info.name ?? ''] ?? facts.dims });
    }
    for (const tensor of graph.initializer) this.#constant(tensor.name ?? '', tensor);
  }

  run(): ReadonlyMap<string, ValueFacts> {
    for (const node of topologicalOrder(this.#graph)) this.#node(node);
    return this.#facts;
  }

  dims(name: string | undefined): Dims | undefined {
    return name === undefined || name === '' ? undefined : this.#facts.get(name)?.dims;
  }

  values(name: string | undefined): readonly number[] | undefined {
    if (name === undefined || name === '') return undefined;
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const tensor = this.#initializers.get(name);
    // Only what can be a shape is looked at: weights are asked for too, and are long.
    const count = tensor === undefined ? null : elementCount(tensorDims(tensor) ?? []);
    return tensor === undefined || count === null || count > MAX_VALUES ? undefined : smallValues(tensor);
  }

  #node(node: NodeProto): void {
    const [first] = node.output;
    const constant =
      node.opType === 'Constant' ? node.attribute.find(({ name }) => name === 'value')?.t : undefined;
    if (constant !== undefined && first !== undefined) this.#constant(first, constant);
    const computed = first === undefined ? undefined : computeValues(node, this);
    if (computed !== undefined) this.#values.set(first!, computed);
    const rule =
      isStandard(node) || node.domain === 'com.microsoft' ? SHAPE_RULES[node.opType ?? ''] : undefined;
    const shapes = rule?.(node, this);
    for (const [i, name] of node.output.entries()) {
      if (name === '' || this.#facts.has(name)) continue;
      const declared = this.#declared.get(name);
      const dims = merge(shapes?.[i], declared?.dims);
      this.#facts.set(name, { dataType: declared?.dataType || this.#typeOf(node), dims });
    }
  }

  /** Most operators give the type that they take. */
  #typeOf(node: NodeProto): number {
    const to = node.opType === 'Cast' ? node.attribute.find(({ name }) => name === 'to')?.i : undefined;
    return to === undefined ? (this.#facts.get(node.input[0] ?? '')?.dataType ?? 0) : toNumber(to);
  }

  #constant(name: string, tensor: TensorProto): void {
    const dims = tensorDims(tensor);
    this.#facts.set(name, { dataType: toNumber(tensor.dataType), dims: dims ?? undefined });
    // Floats matter as scales of Resize, one per axis; longer ones are weights.
    const isInt = tensor.dataType === DATA_TYPE.int64 || tensor.dataType === DATA_TYPE.int32;
    const isShort = dims !== null && (elementCount(dims) ?? MAX_AXES + 1) <= MAX_AXES;
    const values = isInt || isShort ? smallValues(tensor) : undefined;
    if (values !== undefined) this.#values.set(name, values);
  }
}

/** What a graph says about one of its values. */
export function declaredFacts({ type }: ValueInfoProto): ValueFacts {
  const tensor = type?.tensorType;
  const dims = tensor?.shape?.dim.map(({ dimValue }) => {
    const value = Number(dimValue ?? -1);
    return Number.isSafeInteger(value) && value >= 0 && value <= 2 ** 40 ? value : null;
  });
  return {
    dataType: toNumber(tensor?.elemType),
    dims: dims !== undefined && dims.length <= MAX_AXES ? dims : undefined,
  };
}

/** What was inferred, its open axes taken from what the file says where the two fit. */
function merge(inferred: Dims | undefined, declared: Dims | undefined): Dims | undefined {
  const sane = inferred?.every((dim) => dim === null || (Number.isSafeInteger(dim) && dim >= 0));
  if (inferred === undefined || !sane || inferred.length > MAX_AXES) return declared;
  if (declared?.length !== inferred.length) return inferred;
  return inferred.map((dim, i) => dim ?? declared[i]!);
}
