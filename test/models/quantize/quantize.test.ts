import { describe, expect, it, test } from 'vitest';
import { GraphIndex } from '../../../src/models/graph/graph-index.ts';
import { type OnnxModel, readOnnxModel } from '../../../src/models/graph/model-io.ts';
import { makeNode } from '../../../src/models/graph/nodes.ts';
import { opsetOf, upgradeOpset } from '../../../src/models/graph/opset-upgrade.ts';
import { simplifyGraph } from '../../../src/models/graph/simplify.ts';
import { makeTensor, smallValues } from '../../../src/models/graph/tensor-data.ts';
import { dequantizeGraph } from '../../../src/models/quantize/dequantize.ts';
import { Histogram } from '../../../src/models/quantize/histogram.ts';
import { placeQuantization, quantizableProducts } from '../../../src/models/quantize/placement.ts';
import { chooseRange } from '../../../src/models/quantize/ranges.ts';
import { quantizeGraph, scaleOf } from '../../../src/models/quantize/rewrite.ts';
import { biasCorrection, quantizeWeights, roundHalfEven } from '../../../src/models/quantize/weights.ts';
import { addModel, writeOnnx } from '../../fixtures/tiny-onnx.ts';

/** A long tail: 100 000 values within 1, and one of 100. */
function outliers(): Histogram {
  const histogram = new Histogram();
  histogram.add(Float32Array.from({ length: 100_000 }, (_, i) => ((i - 50_000) / 50_000) ** 3));
  histogram.add(Float32Array.of(100));
  return histogram;
}

describe('chooseRange', () => {
  test.each([
    ['minmax', 'keeps every value', 100, 100],
    ['percentile', 'cuts the tail', 0.9, 1.2],
    ['mse', 'weighs clipping against rounding', 1, 100],
    ['entropy', 'gives the tail up', 1, 60],
  ] as const)('%s %s', (method, _, least, most) => {
    const { high } = chooseRange(outliers(), method, false);
    expect(high).toBeGreaterThanOrEqual(least);
    expect(high).toBeLessThanOrEqual(most);
  });

  it('always has zero in it, which padding is made of', () => {
    const positive = new Histogram();
    positive.add(Float32Array.of(3, 4, 5));
    expect(chooseRange(positive, 'minmax', false)).toEqual({ low: 0, high: 5 });
    expect(chooseRange(new Histogram(), 'minmax', false)).toEqual({ low: 0, high: 1 });
  });

  it('is the same on both sides of zero where it is symmetric', () => {
    expect(chooseRange(outliers(), 'minmax', true)).toEqual({ low: -100, high: 100 });
  });
});

describe('Histogram', () => {
  it('counts every finite value once, however its bins widen', () => {
    const histogram = new Histogram();
    for (const scale of [1e-3, 1, 50, 1e4]) histogram.add(Float32Array.of(scale, -scale, 0));
    expect(histogram.counts.reduce((sum, count) => sum + count)).toBe(12);
    expect([histogram.min, histogram.max]).toEqual([-1e4, 1e4]);
  });
});

describe('weights', () => {
  it('have a scale per channel, so that a weak channel keeps its detail', () => {
    const { values, scales } = quantizeWeights(Float32Array.of(100, -50, 0.1, -0.05), 2);
    expect([...values]).toEqual([127, -64, 127, -64]);
    expect(scales[0]! / scales[1]!).toBeCloseTo(1000, 2);
  });

  it('get a correction of the bias that is their error times the mean input', () => {
    const weights = Float32Array.of(1, 0.4, 0.3);
    const quantized = { values: Int8Array.of(10, 4, 2), scales: Float32Array.of(0.1) };
    const [correction] = biasCorrection(weights, quantized, Float32Array.of(5, 5, 2), 1);
    expect(correction).toBeCloseTo(0.1 * 2, 5);
  });

  test.each([
    [0.5, 0],
    [1.5, 2],
    [-0.5, 0],
    [-1.5, -2],
    [2.4, 2],
  ])('%f is rounded to %f, as QuantizeLinear does', (value, rounded) => {
    expect(roundHalfEven(value) + 0).toBe(rounded);
  });
});

test.each([
  ['u8s8', { low: -1, high: 3 }, { scale: Math.fround(4 / 255), zeroPoint: 64 }],
  ['u8s8', { low: 0, high: 1 }, { scale: Math.fround(1 / 255), zeroPoint: 0 }],
  ['s8s8', { low: -1, high: 3 }, { scale: Math.fround(3 / 127), zeroPoint: 0 }],
] as const)('a range as %s: scale and zero point', (form, range, expected) => {
  expect(scaleOf(range, form)).toEqual(expected);
});

/** images -> Conv -> SiLU -> MaxPool -> Conv -> Sigmoid -> output: a backbone and a head. */
function convolutions(): OnnxModel {
  const model = readOnnxModel(writeOnnx('base', addModel), { weights: true });
  const weights = (seed: number) => Float32Array.from({ length: 36 }, (_, i) => Math.sin(seed + i));
  const pool = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
  model.graph.node = [
    makeNode('Conv', ['x', 'w1', 'b1'], ['c1'], { pads: [1, 1, 1, 1] }),
    makeNode('Sigmoid', ['c1'], ['s1']),
    makeNode('Mul', ['c1', 's1'], ['m1']),
    makeNode('MaxPool', ['m1'], ['p1'], pool),
    makeNode('Conv', ['p1', 'w2'], ['c2'], { pads: [1, 1, 1, 1] }),
    makeNode('Sigmoid', ['c2'], ['y']),
  ];
  model.graph.initializer = [
    makeTensor('w1', [2, 2, 3, 3], weights(1)),
    makeTensor('b1', [2], Float32Array.of(0.5, -0.5)),
    makeTensor('w2', [2, 2, 3, 3], weights(2)),
  ];
  return model;
}

function quantized(form: 'u8s8' | 's8s8'): OnnxModel {
  const model = convolutions();
  const index = new GraphIndex(model.graph);
  const placement = placeQuantization(model.graph, index, new Set(quantizableProducts(model.graph, index)));
  const ranges = new Map([...placement.values.values()].map((root) => [root, { low: -2, high: 4 }]));
  quantizeGraph(model, { form, placement, ranges, channelMeans: undefined });
  return model;
}

describe('quantizeGraph', () => {
  it('quantizes what lies between convolutions, and leaves the way from scores to outputs in float', () => {
    const { graph } = quantized('u8s8');
    const index = new GraphIndex(graph);
    const makerOfInput = (output: string) =>
      index.producers.get(index.producers.get(output)!.input[0]!)?.opType;
    for (const output of ['c1', 's1', 'm1', 'p1', 'c2', 'y'])
      expect(makerOfInput(output)).toBe('DequantizeLinear');
    expect(index.consumersOf('y')).toEqual([]);
    expect(graph.output[0]!.name).toBe('y');
  });

  it('gives a pool the scale of what it takes, so that it moves bytes', () => {
    const { graph } = quantized('u8s8');
    const scaleAfter = (value: string) => new GraphIndex(graph).consumersOf(value)[0]!.input[1];
    expect(scaleAfter('p1')).toBe(scaleAfter('m1'));
  });

  it('has only zero points of 0 for TensorRT', () => {
    const { graph } = quantized('s8s8');
    const zeros = graph.initializer.filter(({ name }) => name?.endsWith('_zero_point'));
    expect(zeros.length).toBeGreaterThan(5);
    for (const tensor of zeros) expect(smallValues(tensor)!.every((value) => value === 0)).toBe(true);
  });

  it('is undone by dequantizeGraph, to the rounding of the weights', () => {
    const model = quantized('u8s8');
    expect(dequantizeGraph(model.graph)).toBe(4);
    expect(model.graph.node.map(({ opType }) => opType)).toEqual(
      convolutions().graph.node.map(({ opType }) => opType),
    );
    const weights = model.graph.initializer.find(({ dims }) => dims.length === 4)!;
    for (const [i, value] of smallValues(weights)!.entries())
      expect(Math.abs(value - Math.sin(1 + i))).toBeLessThan(0.005);
  });
});

describe('simplifyGraph', () => {
  it('makes batch normalisation part of the convolution before it', () => {
    const model = convolutions();
    const { graph } = model;
    graph.node[0]!.output = ['raw'];
    graph.node.splice(
      1,
      0,
      makeNode('BatchNormalization', ['raw', 'scale', 'shift', 'mean', 'variance'], ['c1']),
    );
    const channel = (name: string, a: number, b: number) => makeTensor(name, [2], Float32Array.of(a, b));
    graph.initializer.push(
      channel('scale', 2, 1),
      channel('shift', 1, 0),
      channel('mean', 0.5, 0),
      channel('variance', 4, 1),
    );
    simplifyGraph(graph);
    expect(graph.node.map(({ opType }) => opType)).not.toContain('BatchNormalization');
    const bias = graph.initializer.find(({ name }) => name === graph.node[0]!.input[2])!;
    expect(smallValues(bias)![0]).toBeCloseTo(((0.5 - 0.5) * 2) / 2 + 1, 4);
    expect(smallValues(bias)![1]).toBeCloseTo(-0.5, 4);
  });
});

describe('upgradeOpset', () => {
  function withOpset(version: number): OnnxModel {
    const model = convolutions();
    model.opsetImport[0]!.version = version;
    return model;
  }

  it('makes lists of numbers inputs, as operator set 13 has them', () => {
    const model = withOpset(11);
    model.graph.node.push(makeNode('Split', ['y'], ['a', 'b'], { axis: 1, split: [1, 1] }));
    upgradeOpset(model);
    const split = model.graph.node.at(-1)!;
    expect(opsetOf(model)).toBe(13);
    expect(split.attribute.map(({ name }) => name)).toEqual(['axis']);
    expect(smallValues(model.graph.initializer.find(({ name }) => name === split.input[1])!)).toEqual([1, 1]);
  });

  it('refuses operator sets whose operators were others', () => {
    expect(() => upgradeOpset(withOpset(9))).toThrow(/operator set 9, and 11 is the oldest/);
  });
});
