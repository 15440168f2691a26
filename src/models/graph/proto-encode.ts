import { OcellusError } from '../../base/errors.ts';
import { WIRE } from '../protobuf-file.ts';
import type { FieldSchema, MessageSchema, Payload, ProtoInt, ProtoMessage } from './proto-schema.ts';

/** Encodes a message. Known fields come in the order of their numbers, then what was not known, as it came. */
export function encodeMessage(schema: MessageSchema, message: ProtoMessage): Uint8Array {
  const parts = new Parts();
  writeMessage(parts, schema, message);
  return parts.joined();
}

/** Bytes to be joined once at the end: weights are referenced, not copied on the way. */
class Parts {
  readonly list: Uint8Array[] = [];
  length = 0;

  push(bytes: Uint8Array): void {
    this.list.push(bytes);
    this.length += bytes.length;
  }

  joined(): Uint8Array {
    return Buffer.concat(this.list, this.length);
  }
}

function writeMessage(parts: Parts, schema: MessageSchema, message: ProtoMessage): void {
  const values = message as unknown as Readonly<Record<string, unknown>>;
  for (const [number, field] of [...schema.fields].sort(([a], [b]) => a - b)) {
    const value = values[field.name];
    if (value === undefined) continue;
    if (!field.repeated) writeField(parts, number, field, value);
    else if (field.packed) writeRun(parts, number, field, value as readonly ProtoInt[]);
    else for (const each of value as readonly unknown[]) writeField(parts, number, field, each);
  }
  for (const raw of message.unknown) parts.push(raw);
}

function writeField(parts: Parts, number: number, { name, kind }: FieldSchema, value: unknown): void {
  switch (kind) {
    case 'int':
      parts.push(tag(number, WIRE.varint));
      parts.push(varint(value as ProtoInt));
      return;
    case 'float':
      parts.push(tag(number, WIRE.fixed32));
      parts.push(floats([value as number]));
      return;
    case 'string':
      writeBytes(parts, number, Buffer.from(value as string));
      return;
    case 'bytes':
      writeBytes(parts, number, value as Uint8Array);
      return;
    case 'payload': {
      const { bytes } = value as Payload;
      if (bytes === undefined) {
        throw new OcellusError(
          'internal',
          `the ${name} of a tensor was left in its file and cannot be written`,
        );
      }
      writeBytes(parts, number, bytes);
      return;
    }
    default: {
      const inner = new Parts();
      writeMessage(inner, kind, value as ProtoMessage);
      parts.push(tag(number, WIRE.bytes));
      parts.push(varint(inner.length));
      for (const bytes of inner.list) parts.push(bytes);
    }
  }
}

function writeRun(parts: Parts, number: number, { kind }: FieldSchema, values: readonly ProtoInt[]): void {
  if (values.length === 0) return;
  writeBytes(
    parts,
    number,
    kind === 'float' ? floats(values as number[]) : Buffer.concat(values.map(varint)),
  );
}

function writeBytes(parts: Parts, number: number, bytes: Uint8Array): void {
  parts.push(tag(number, WIRE.bytes));
  parts.push(varint(bytes.length));
  parts.push(bytes);
}

function tag(number: number, wire: number): Uint8Array {
  return varint(number * 8 + wire);
}

function floats(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** A signed number of 64 bits as the encoding has it: negative ones take ten bytes. */
function varint(value: ProtoInt): Uint8Array {
  const bytes: number[] = [];
  if (typeof value === 'number' && value >= 0 && value < 2 ** 31) {
    let rest = value;
    while (rest > 0x7f) {
      bytes.push((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes.push(rest);
    return Uint8Array.from(bytes);
  }
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
