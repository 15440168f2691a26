import { GraphIndex } from '../../models/graph/graph-index.ts';
import type { OnnxModel } from '../../models/graph/model-io.ts';
import { makeValueInfo } from '../../models/graph/nodes.ts';
import { DATA_TYPE } from '../../models/graph/onnx-proto.ts';
import type { ValueFacts } from '../../models/graph/shape-inference.ts';
import { Histogram } from '../../models/quantize/histogram.ts';
import type { Workshop } from './model-runner.ts';

/** What calibration saw of one value. */
export interface ValueStatistics {
  readonly histogram: Histogram;
  /** Mean of each channel, of values [1, channels, height, width]. */
  readonly channelMeans: Float32Array | undefined;
}

/** Memory that the values of one run may take; more values are seen in several passes. */
const PASS_BYTES = 96 * 1024 * 1024;
const BYTES_PER_FLOAT = 4;

export interface CalibrationOptions {
  readonly model: OnnxModel;
  readonly values: readonly string[];
  readonly facts: ReadonlyMap<string, ValueFacts>;
  /** Calls back with the input tensor of each picture in turn. */
  readonly forEachInput: (
    see: (input: Float32Array, dims: readonly number[]) => Promise<void>,
  ) => Promise<void>;
  readonly workshop: Workshop;
  readonly signal: AbortSignal;
}

/**
 * Runs a model on pictures and gathers what its inner values were. They are made outputs of the graph for that, in as many
 * passes as bounded memory needs.
 */
export async function calibrate(options: CalibrationOptions): Promise<ReadonlyMap<string, ValueStatistics>> {
  const { model, facts, workshop, forEachInput, signal } = options;
  const inputs = new Set(model.graph.input.map(({ name }) => name ?? ''));
  const seen = new Map<string, Collector>(options.values.map((name) => [name, new Collector()]));
  for (const pass of passesOf(
    options.values.filter((name) => !inputs.has(name)),
    facts,
  )) {
    const opened = withOutputs(model, pass);
    await workshop.using(opened, async (runner) => {
      const names = runner.outputNames;
      await forEachInput(async (input, dims) => {
        signal.throwIfAborted();
        const outputs = await runner.run(input, dims);
        for (const [i, name] of names.entries()) {
          const output = outputs[i]!;
          if (pass.includes(name) && output.data instanceof Float32Array)
            seen.get(name)!.add(output.data, output.dims);
        }
      });
    });
  }
  for (const name of inputs) {
    const collector = seen.get(name);
    if (collector !== undefined) await forEachInput(async (input, dims) => collector.add(input, dims));
  }
  return new Map([...seen].map(([name, collector]) => [name, collector.statistics()]));
}

/** Values in groups that fit into memory together. */
function passesOf(values: readonly string[], facts: ReadonlyMap<string, ValueFacts>): string[][] {
  const passes: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const name of values) {
    const dims = facts.get(name)?.dims ?? [];
    const size = dims.reduce<number>((product, dim) => product * (dim ?? 1), BYTES_PER_FLOAT);
    if (bytes + size > PASS_BYTES) {
      passes.push([]);
      bytes = 0;
    }
    passes.at(-1)!.push(name);
    bytes += size;
  }
  return passes;
}

function withOutputs(model: OnnxModel, names: readonly string[]): OnnxModel {
  const { graph } = model;
  const { outputs } = new GraphIndex(graph);
  const added = names
    .filter((name) => !outputs.has(name))
    .map((name) => makeValueInfo(name, DATA_TYPE.float32, []));
  // An empty shape would say "a scalar": the shape is left out, and ONNX Runtime infers it.
  for (const { type } of added) if (type?.tensorType !== undefined) type.tensorType.shape = undefined;
  return { ...model, graph: { ...graph, output: [...graph.output, ...added] } };
}

class Collector {
  readonly #histogram = new Histogram();
  #sums: Float64Array | undefined;
  #pictures = 0;

  add(values: Float32Array, dims: readonly number[]): void {
    this.#histogram.add(values);
    const [, channels = 0] = dims;
    if (dims.length !== 4 || dims[0] !== 1) return;
    this.#sums ??= new Float64Array(channels);
    this.#pictures += 1;
    const plane = values.length / channels;
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let i = channel * plane; i < (channel + 1) * plane; i++) sum += values[i]!;
      this.#sums[channel]! += sum / plane;
    }
  }

  statistics(): ValueStatistics {
    const means = this.#sums && Float32Array.from(this.#sums, (sum) => sum / this.#pictures);
    return { histogram: this.#histogram, channelMeans: means };
  }
}
