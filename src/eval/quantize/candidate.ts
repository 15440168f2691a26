import { GraphIndex } from '../../models/graph/graph-index.ts';
import type { OnnxModel } from '../../models/graph/model-io.ts';
import { opsetOf, upgradeOpset } from '../../models/graph/opset-upgrade.ts';
import { inferShapes, type ValueFacts } from '../../models/graph/shape-inference.ts';
import { simplifyGraph } from '../../models/graph/simplify.ts';
import { dequantizeGraph } from '../../models/quantize/dequantize.ts';
import { placeQuantization, quantizableProducts } from '../../models/quantize/placement.ts';
import { chooseRange, type Range, type RangeMethod } from '../../models/quantize/ranges.ts';
import { type QuantizedForm, quantizeGraph } from '../../models/quantize/rewrite.ts';
import type { ValueStatistics } from './calibrate.ts';

/** A float model that is ready to be quantized. */
export interface FloatModel {
  readonly model: OnnxModel;
  readonly facts: ReadonlyMap<string, ValueFacts>;
  /** Convolutions that can be quantized, named by their outputs, in the order of the graph. */
  readonly products: readonly string[];
  /** Values that any placement may give a scale. */
  readonly values: readonly string[];
}

/** One way to quantize it. */
export interface Recipe {
  readonly form: QuantizedForm;
  readonly method: RangeMethod;
  readonly biasCorrection: boolean;
  /** Convolutions that stay in float, named by their outputs. */
  readonly inFloat: ReadonlySet<string>;
}

/**
 * Brings a model into the form that quantization starts from: operator set 13, constants and batch normalisation folded. One
 * that is quantized already is turned back into floats first.
 *
 * @throws OcellusError `model_unsupported`
 */
export function prepareFloatModel(model: OnnxModel): FloatModel {
  simplifyGraph(model.graph);
  dequantizeGraph(model.graph);
  upgradeOpset(model);
  simplifyGraph(model.graph);
  const index = new GraphIndex(model.graph);
  const nodes = quantizableProducts(model.graph, index);
  const placement = placeQuantization(model.graph, index, new Set(nodes));
  return {
    model,
    facts: inferShapes(model.graph, opsetOf(model)),
    products: nodes.map(({ output }) => output[0]!),
    values: [...placement.values.keys()],
  };
}

/** Quantizes a copy of the model. */
export function makeCandidate(
  { model, products }: FloatModel,
  statistics: ReadonlyMap<string, ValueStatistics>,
  { form, method, biasCorrection, inFloat }: Recipe,
): OnnxModel {
  const copy = structuredClone(model);
  const index = new GraphIndex(copy.graph);
  const chosen = new Set(
    products.filter((name) => !inFloat.has(name)).map((name) => index.producers.get(name)!),
  );
  const placement = placeQuantization(copy.graph, index, chosen);
  const ranges = new Map<string, Range>();
  for (const root of new Set(placement.values.values())) {
    const seen = statistics.get(root);
    if (seen === undefined) continue;
    const isScore = index.producers.get(root)?.opType === 'Sigmoid';
    ranges.set(root, isScore ? { low: 0, high: 1 } : chooseRange(seen.histogram, method, form === 's8s8'));
  }
  const means = new Map<string, Float32Array>();
  for (const [name, { channelMeans }] of statistics)
    if (channelMeans !== undefined) means.set(name, channelMeans);
  quantizeGraph(copy, { form, placement, ranges, channelMeans: biasCorrection ? means : undefined });
  return copy;
}
