/**
 * How the fields of a message of the protobuf encoding (protobuf.dev/programming-guides/encoding) are read and written.
 * `payload` is for the bytes of weights, which a reader may leave in the file.
 */
export type FieldKind = 'int' | 'float' | 'string' | 'bytes' | 'payload' | MessageSchema;

export interface FieldSchema {
  readonly name: string;
  readonly kind: FieldKind;
  /** Repeated fields are arrays, empty when absent; the others undefined when absent. */
  readonly repeated: boolean;
  /** Repeated numbers are written as one run, as `[packed = true]` in onnx.proto says. */
  readonly packed: boolean;
}

/** A message's fields by their numbers. Filled after its creation where messages hold each other. */
export interface MessageSchema {
  readonly name: string;
  readonly fields: Map<number, FieldSchema>;
}

/** Whole numbers of 64 bits: a bigint only where a number would lose low bits. */
export type ProtoInt = number | bigint;

/** Bytes that may have been left in the file. */
export interface Payload {
  readonly length: number;
  /** Undefined when they were left in the file. */
  readonly bytes: Uint8Array | undefined;
}

/** What every decoded message has besides its fields: the fields that the schema does not know, tags included. */
export interface ProtoMessage {
  unknown: Uint8Array[];
}

/** Bytes in memory as a payload. */
export function payloadOf(bytes: Uint8Array): Payload {
  return { length: bytes.length, bytes };
}
