import { explain, messageOf, OcellusError } from '../../base/errors.ts';
import { describeClassifierModel } from '../classifier-model.ts';
import { describeDetectionModel } from '../detection-model.ts';
import { describeEmbeddingModel } from '../embedding-model.ts';
import { FAMILIES } from '../families.ts';
import { graphCost } from '../graph/cost.ts';
import { readOnnxModel } from '../graph/model-io.ts';
import { type Dims, inferShapes } from '../graph/shape-inference.ts';
import type { Manifest } from '../manifest.ts';
import type { ModelSummary, ModelTensor } from '../model-summary.ts';
import { readModelSummary } from '../onnx-file.ts';
import { type Quantization, quantizationOf } from './quantization.ts';
import { type ModelWarning, modelWarnings } from './warnings.ts';

/** What the program would use a model for, and how it knows. */
export interface ModelRole {
  readonly role: 'detection' | 'classification' | 're-identification' | 'unknown';
  /** Name of the output decoder, of a detector. */
  readonly decoder: string | null;
  readonly classes: number | null;
  readonly why: string;
}

/** Everything that `models inspect` tells. */
export interface ModelReport {
  readonly file: string;
  readonly bytes: number;
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
  readonly nodes: number;
  readonly functions: number;
  readonly parameters: number;
  /** Multiplications with additions, in thousands of millions; null without fixed shapes. */
  readonly gmacs: number | null;
  readonly gflops: number | null;
  /** Products whose shapes are not known, and which `gmacs` lacks. */
  readonly unknownProducts: number;
  readonly quantization: Quantization;
  readonly recognised: ModelRole;
  /** How often each operator occurs, the most frequent first. */
  readonly operators: readonly (readonly [operator: string, count: number])[];
  readonly warnings: readonly ModelWarning[];
  /** Why the program refuses to serve the model; null when it does not. */
  readonly refused: string | null;
}

/**
 * Looks at a model without running it. Weights stay in their file.
 *
 * @throws OcellusError `model_unreadable`, `model_invalid`
 */
export function inspectModel(file: string, manifest: Manifest | undefined): ModelReport {
  const summary = readModelSummary(file);
  const model = readOnnxModel(file);
  const recognised = roleOf(summary, manifest);
  const facts = inferShapes(model.graph, summary.opsets[''] ?? 0, assumedInputs(summary, manifest));
  const { macs, unknown, parameters } = graphCost(model.graph, facts);
  const quantization = quantizationOf(model);
  const warnings = modelWarnings(model, summary, quantization);
  const error = warnings.find(({ severity }) => severity === 'error');
  return {
    ...{ file, bytes: summary.bytes, irVersion: summary.irVersion, producer: summary.producer },
    ...{ opsets: summary.opsets, inputs: summary.inputs, outputs: outputsOf(summary, facts) },
    nodes: model.graph.node.length,
    functions: model.functions.length,
    parameters,
    gmacs: macs === 0 && unknown > 0 ? null : macs / 1e9,
    gflops: macs === 0 && unknown > 0 ? null : (2 * macs) / 1e9,
    unknownProducts: unknown,
    quantization,
    recognised,
    operators: Object.entries(summary.operators).sort(([, a], [, b]) => b - a),
    warnings,
    refused: error?.message ?? null,
  };
}

/** Sizes that the program would give open axes: one picture of the size that it would feed. */
function assumedInputs(summary: ModelSummary, manifest: Manifest | undefined): Record<string, Dims> {
  const assumed: Record<string, Dims> = Object.create(null) as Record<string, Dims>;
  try {
    const { input, fixedInputs } = describeDetectionModel(summary, manifest, {});
    const { layout, widthPx, heightPx } = input;
    const sizes: Readonly<Record<string, number>> = { n: 1, c: 3, h: heightPx, w: widthPx };
    for (const { name } of summary.inputs) {
      const fixed = fixedInputs.find((each) => each.name === name);
      assumed[name] = fixed?.dims ?? [...layout].map((axis) => sizes[axis]!);
    }
  } catch (error) {
    if (!(error instanceof OcellusError)) throw error;
    for (const { name, dims } of summary.inputs)
      assumed[name] = dims.map((dim, axis) => dim ?? (axis === 0 ? 1 : null));
  }
  return assumed;
}

function outputsOf(summary: ModelSummary, facts: ReturnType<typeof inferShapes>): ModelTensor[] {
  return summary.outputs.map((output) => {
    const inferred = facts.get(output.name)?.dims;
    const isOpen = output.dims.length === 0 || output.dims.some((dim) => dim === null);
    const fits = output.dims.length === 0 || inferred?.length === output.dims.length;
    return isOpen && fits && inferred !== undefined ? { ...output, dims: inferred } : output;
  });
}

function roleOf(summary: ModelSummary, manifest: Manifest | undefined): ModelRole {
  const usual = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
  try {
    const { decoder, labels, input } = describeDetectionModel(summary, manifest, {});
    const { families, outputs } = FAMILIES[decoder];
    const source = manifest?.decoder === decoder ? 'its manifest says so, and' : '';
    const size = `${input.widthPx}x${input.heightPx}`;
    const why =
      `${source} its outputs fit ${families}, ${outputs}, for ${size} and ${labels.length} classes`.trim();
    return { role: 'detection', decoder, classes: labels.length, why };
  } catch (error) {
    if (!(error instanceof OcellusError)) throw error;
    const notDetection = messageOf(error);
    const asClassifier = attempt(() => describeClassifierModel(summary, usual));
    if (asClassifier !== undefined) {
      const classes = asClassifier.labels.length;
      return {
        role: 'classification',
        decoder: null,
        classes,
        why: 'one output [1, classes] with as many labels',
      };
    }
    const asEmbedding = attempt(() => describeEmbeddingModel(summary, usual));
    if (asEmbedding !== undefined) {
      const why = 'one vector per picture, and it names no classes';
      return { role: 're-identification', decoder: null, classes: null, why };
    }
    return { role: 'unknown', decoder: null, classes: null, why: notDetection };
  }
}

function attempt<T>(describe: () => T): T | undefined {
  try {
    return describe();
  } catch (error) {
    if (error instanceof OcellusError) return undefined;
    throw new OcellusError('internal', `a model could not be described: ${explain(error)}`, { cause: error });
  }
}
