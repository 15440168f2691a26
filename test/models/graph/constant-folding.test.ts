import { describe, expect, it, test } from 'vitest';
import { foldConstants } from '../../../src/models/graph/constant-folding.ts';
import { makeNode } from '../../../src/models/graph/nodes.ts';
import { opsetOf, upgradeOpset } from '../../../src/models/graph/opset-upgrade.ts';
import { makeTensor, smallValues, tensorDims } from '../../../src/models/graph/tensor-data.ts';
import { graphModel } from '../../fixtures/onnx-graph.ts';

const longs = (name: string, ...values: bigint[]) =>
  makeTensor(name, [values.length], BigInt64Array.from(values));

/** Reshape to [batch, -1], as PyTorch exports `x.view(x.size(0), -1)`. */
function flattening(batch: number | null) {
  return graphModel({
    inputs: { x: [batch, 3, 4] },
    outputs: { y: [null, null] },
    initializers: [longs('axes', 0n), longs('rest', -1n), makeTensor('first', [], BigInt64Array.of(0n))],
    nodes: [
      makeNode('Shape', ['x'], ['shape']),
      makeNode('Gather', ['shape', 'first'], ['batch'], { axis: 0 }),
      makeNode('Unsqueeze', ['batch', 'axes'], ['batches']),
      makeNode('Concat', ['batches', 'rest'], ['target'], { axis: 0 }),
      makeNode('Reshape', ['x', 'target'], ['y']),
    ],
  });
}

describe('foldConstants', () => {
  it('makes a constant of the shape that follows from a fixed input', () => {
    const { graph } = flattening(2);
    expect(foldConstants(graph, 13)).toBe(4);
    expect(graph.node.map(({ opType }) => opType)).toEqual(['Reshape']);
    const target = graph.initializer.find(({ name }) => name === 'target')!;
    expect([tensorDims(target), smallValues(target)]).toEqual([[2], [2, -1]]);
  });

  it('leaves what depends on an open axis', () => {
    const { graph } = flattening(null);
    foldConstants(graph, 13);
    expect(graph.node.map(({ opType }) => opType)).toEqual([
      'Shape',
      'Gather',
      'Unsqueeze',
      'Concat',
      'Reshape',
    ]);
  });

  test.each([
    ['floats, of which only the values and not the type are known', makeNode('Add', ['half', 'half'], ['y'])],
    ['an output of the graph, which has to be made by a node', makeNode('Shape', ['x'], ['y'])],
    ['an operator of that name from another set', { ...makeNode('Shape', ['x'], ['s']), domain: 'other' }],
    ['a table, of which Gather takes rows', makeNode('Gather', ['table', 'rows'], ['s'], { axis: 0 })],
  ])('leaves %s', (_, node) => {
    const { graph } = graphModel({
      inputs: { x: [1, 4] },
      outputs: { y: [null] },
      initializers: [
        makeTensor('half', [1], Float32Array.of(0.5)),
        makeTensor('table', [2, 2], BigInt64Array.of(1n, 2n, 3n, 4n)),
        longs('rows', 1n),
      ],
      nodes: [node],
    });
    expect([foldConstants(graph, 13), graph.node]).toEqual([0, [node]]);
  });
});

describe('upgradeOpset', () => {
  it('leaves a model as it was that cannot be raised', () => {
    const model = graphModel({
      opset: 11,
      inputs: { x: [1, 2, 3, 4] },
      outputs: { y: [1, 2, 3, 4] },
      nodes: [
        makeNode('Squeeze', ['x'], ['flat'], { axes: [0] }),
        makeNode('Softmax', ['x'], ['y'], { axis: 1 }),
      ],
    });
    const before = structuredClone(model);
    expect(() => upgradeOpset(model)).toThrow('Softmax over several axes at once');
    expect(model).toEqual(before);
    expect(opsetOf(model)).toBe(11);
  });
});
