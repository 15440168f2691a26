import {
  ATTRIBUTE_TYPE,
  type AttributeProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './onnx-proto.ts';
import { toNumber } from './tensor-data.ts';

/** Values that an attribute of a new node may have: whole numbers, or floats marked as such. */
export type AttributeValue = number | readonly number[] | string | TensorProto | { readonly float: number };

/** A node of the default operator set. */
export function makeNode(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): NodeProto {
  return {
    input: [...input],
    output: [...output],
    name: `${opType}_${output[0]}`,
    opType,
    attribute: Object.entries(attributes).map(([name, value]) => makeAttribute(name, value)),
    domain: undefined,
    unknown: [],
  };
}

function makeAttribute(name: string, value: AttributeValue): AttributeProto {
  const attribute: AttributeProto = {
    ...{ name, f: undefined, i: undefined, s: undefined, t: undefined, g: undefined },
    ...{
      floats: [],
      ints: [],
      strings: [],
      tensors: [],
      graphs: [],
      type: undefined,
      refAttrName: undefined,
    },
    unknown: [],
  };
  if (typeof value === 'number') return { ...attribute, i: value, type: ATTRIBUTE_TYPE.int };
  if (typeof value === 'string') return { ...attribute, s: Buffer.from(value), type: ATTRIBUTE_TYPE.string };
  if (Array.isArray(value))
    return { ...attribute, ints: [...(value as number[])], type: ATTRIBUTE_TYPE.ints };
  if ('float' in value) return { ...attribute, f: value.float, type: ATTRIBUTE_TYPE.float };
  return { ...attribute, t: value as TensorProto, type: ATTRIBUTE_TYPE.tensor };
}

/** Gives a node an attribute, in the place of one of that name. */
export function setAttribute(node: NodeProto, name: string, value: AttributeValue): void {
  node.attribute = [...node.attribute.filter((each) => each.name !== name), makeAttribute(name, value)];
}

/** An input or output of a graph. @param dims `null`: an axis of any length */
export function makeValueInfo(
  name: string,
  elemType: number,
  dims: readonly (number | null)[],
): ValueInfoProto {
  const dim = dims.map((value) => ({ dimValue: value ?? undefined, dimParam: undefined, unknown: [] }));
  return {
    name,
    type: { tensorType: { elemType, shape: { dim, unknown: [] }, unknown: [] }, unknown: [] },
    unknown: [],
  };
}

export function attributeOf(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

/** A whole number of a node's attributes; `otherwise` where it is absent. */
export function intOf(node: NodeProto, name: string, otherwise: number): number {
  return toNumber(attributeOf(node, name)?.i, otherwise);
}

/** A list of whole numbers of a node's attributes; undefined where it is absent. */
export function intsOf(node: NodeProto, name: string): number[] | undefined {
  return attributeOf(node, name)?.ints.map((value) => Number(value));
}

/** A text of a node's attributes; '' where it is absent. */
export function textOf(node: NodeProto, name: string): string {
  return Buffer.from(attributeOf(node, name)?.s ?? []).toString('utf8');
}

/** Whether a node is of the default operator set. */
export function isStandard({ domain }: NodeProto): boolean {
  return domain === undefined || domain === '' || domain === 'ai.onnx';
}
