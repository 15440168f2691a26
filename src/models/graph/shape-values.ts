import { attributeOf, intOf, intsOf } from './nodes.ts';
import type { NodeProto } from './onnx-proto.ts';
import type { ShapeContext } from './shape-inference.ts';

/** Shapes that are computed have a value per axis; more is data. */
const MAX_VALUES = 1024;

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => Math.trunc(a / b),
  Max: Math.max,
  Min: Math.min,
};

/**
 * The whole numbers that a node gives, for the arithmetic on shapes that exporters leave in graphs
 * (Shape -> Gather -> Mul -> Concat -> Reshape). Undefined for what is no such arithmetic, or not known.
 */
export function computeValues(node: NodeProto, context: ShapeContext): readonly number[] | undefined {
  const values = valuesOf(node, context);
  return values !== undefined && values.length <= MAX_VALUES && values.every(Number.isSafeInteger)
    ? values
    : undefined;
}

function valuesOf(node: NodeProto, context: ShapeContext): readonly number[] | undefined {
  const [a, b] = node.input;
  switch (node.opType) {
    case 'Constant':
      return intsOf(node, 'value_ints') ?? singleInt(node);
    case 'Shape': {
      const dims = context.dims(a);
      const known = dims?.filter((dim) => dim !== null);
      if (dims === undefined || known?.length !== dims.length) return undefined;
      return known.slice(intOf(node, 'start', 0), intOf(node, 'end', known.length));
    }
    case 'Identity':
    case 'Cast':
    case 'Unsqueeze':
    case 'Squeeze':
    case 'Reshape':
    case 'Floor':
      return context.values(a)?.slice(0, MAX_VALUES);
    case 'Concat': {
      const parts: number[] = [];
      for (const name of node.input) {
        const values = context.values(name);
        if (values === undefined || parts.length + values.length > MAX_VALUES) return undefined;
        parts.push(...values);
      }
      return parts;
    }
    case 'Gather': {
      const data = context.values(a);
      return context
        .values(b)
        ?.slice(0, MAX_VALUES)
        .map((at) => data?.at(at) ?? Number.NaN);
    }
    case 'Slice': {
      const [starts, ends] = [context.values(b), context.values(node.input[2])];
      const step = context.values(node.input[4])?.[0] ?? 1;
      if (starts?.length !== 1 || ends?.length !== 1 || step !== 1) return undefined;
      return context.values(a)?.slice(starts[0], ends[0]);
    }
    default: {
      const apply = Object.hasOwn(ARITHMETIC, node.opType ?? '') ? ARITHMETIC[node.opType!] : undefined;
      if (apply === undefined) return undefined;
      const [left, right] = [context.values(a), context.values(b)];
      if (left === undefined || right === undefined) return undefined;
      const length = Math.max(left.length, right.length);
      const fits = (list: readonly number[]) => list.length === length || list.length === 1;
      if (length > MAX_VALUES || !fits(left) || !fits(right)) return undefined;
      return Array.from({ length }, (_, i) => apply(left[i % left.length]!, right[i % right.length]!));
    }
  }
}

function singleInt(node: NodeProto): number[] | undefined {
  const value = attributeOf(node, 'value_int')?.i;
  return value === undefined ? undefined : [Number(value)];
}
