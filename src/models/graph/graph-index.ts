import { OcellusError } from '../../base/errors.ts';
import type { GraphProto, NodeProto, TensorProto } from './onnx-proto.ts';

/**
 * Who makes and who uses each value of a graph. It is a picture of one moment: make a new one after the graph was changed.
 */
export class GraphIndex {
  readonly graph: GraphProto;
  /** The node that makes a value. */
  readonly producers = new Map<string, NodeProto>();
  /** Nodes that use a value, also inside their subgraphs; one that uses it twice is listed once. */
  readonly consumers = new Map<string, NodeProto[]>();
  readonly initializers = new Map<string, TensorProto>();
  readonly outputs: ReadonlySet<string>;

  constructor(graph: GraphProto) {
    this.graph = graph;
    for (const tensor of graph.initializer) this.initializers.set(tensor.name ?? '', tensor);
    for (const node of graph.node) {
      for (const name of node.output) if (name !== '') this.producers.set(name, node);
      for (const name of usedNames(node)) {
        const list = this.consumers.get(name);
        if (list === undefined) this.consumers.set(name, [node]);
        else list.push(node);
      }
    }
    this.outputs = new Set(graph.output.map(({ name }) => name ?? ''));
  }

  consumersOf(name: string): readonly NodeProto[] {
    return this.consumers.get(name) ?? [];
  }

  /** The only node that uses a value which is no output of the graph. */
  onlyConsumer(name: string): NodeProto | undefined {
    const list = this.consumersOf(name);
    return list.length === 1 && !this.outputs.has(name) ? list[0] : undefined;
  }

  /** A name that nothing has yet, starting with `stem`. */
  freshName(stem: string): string {
    const taken = (name: string) =>
      this.producers.has(name) ||
      this.initializers.has(name) ||
      this.consumers.has(name) ||
      this.#given.has(name);
    let name = stem;
    for (let i = 1; taken(name); i++) name = `${stem}_${i}`;
    this.#given.add(name);
    return name;
  }

  readonly #given = new Set<string>();
}

/** Names that a node uses, those of its subgraphs that come from outside included; each once. */
export function usedNames(node: NodeProto): Set<string> {
  const names = new Set(node.input.filter((name) => name !== ''));
  for (const { g, graphs } of node.attribute) {
    for (const inner of g === undefined ? graphs : [g, ...graphs]) {
      for (const name of capturedNames(inner)) names.add(name);
    }
  }
  return names;
}

/** What a subgraph uses and does not make itself. */
function capturedNames(graph: GraphProto): Set<string> {
  const own = new Set<string>();
  for (const { name } of graph.input) own.add(name ?? '');
  for (const { name } of graph.initializer) own.add(name ?? '');
  for (const { output } of graph.node) for (const name of output) own.add(name);
  const captured = new Set<string>();
  for (const node of graph.node) for (const name of usedNames(node)) if (!own.has(name)) captured.add(name);
  for (const { name } of graph.output) if (name !== undefined && !own.has(name)) captured.add(name);
  return captured;
}

/**
 * The nodes with every maker before its users; nodes that do not depend on each other keep their order.
 *
 * @throws OcellusError `model_invalid` for a graph that goes in a circle, or in which two nodes make one value
 */
export function topologicalOrder(graph: GraphProto): NodeProto[] {
  const maker = new Map<string, number>();
  for (const [i, { output }] of graph.node.entries()) {
    for (const name of output) {
      if (name === '') continue;
      if (maker.has(name)) throw invalid(`two nodes make the value ${JSON.stringify(name)}`);
      maker.set(name, i);
    }
  }
  const users: number[][] = graph.node.map(() => []);
  const missing = new Int32Array(graph.node.length);
  for (const [i, node] of graph.node.entries()) {
    for (const name of usedNames(node)) {
      const from = maker.get(name);
      if (from === undefined) continue;
      users[from]!.push(i);
      missing[i] = missing[i]! + 1;
    }
  }
  const order: NodeProto[] = [];
  const ready = new IndexHeap();
  for (const [i, count] of missing.entries()) if (count === 0) ready.push(i);
  for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
    order.push(graph.node[i]!);
    for (const user of users[i]!) {
      missing[user] = missing[user]! - 1;
      if (missing[user] === 0) ready.push(user);
    }
  }
  if (order.length < graph.node.length) throw invalid('its nodes go in a circle');
  return order;
}

function invalid(why: string): OcellusError {
  return new OcellusError('model_invalid', `the graph of the model is not sound: ${why}`, {
    hint: 'export the model again',
  });
}

/** Smallest index first: a binary heap. */
class IndexHeap {
  readonly #items: number[] = [];

  push(index: number): void {
    const items = this.#items;
    items.push(index);
    for (let at = items.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (items[parent]! <= items[at]!) break;
      [items[parent], items[at]] = [items[at]!, items[parent]!];
      at = parent;
    }
  }

  pop(): number | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first;
    items[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < items.length && items[child]! < items[least]!) least = child;
      }
      if (least === at) return first;
      [items[least], items[at]] = [items[at]!, items[least]!];
      at = least;
    }
  }
}
