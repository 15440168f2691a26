import { ProtobufError, type ProtobufField, type ProtobufFile, WIRE } from '../protobuf-file.ts';
import type { FieldSchema, MessageSchema, Payload, ProtoInt, ProtoMessage } from './proto-schema.ts';

/** What decoding one file may cost: a small file can claim a huge structure. */
export interface DecodeLimits {
  /** Fields of all messages together; each becomes an object in memory. */
  readonly fields: number;
  /** Messages inside messages; ONNX needs 5 per level of subgraphs. */
  readonly depth: number;
  /** Bytes of texts, numbers and unknown fields together. */
  readonly textBytes: number;
  /** Payloads up to this length are read; longer ones stay in the file. */
  readonly payloadBytes: number;
  /** Bytes of payloads together; what comes after stays in the file. */
  readonly allPayloadBytes: number;
}

/** Numbers are decoded into arrays of numbers, which take more memory than they took in the file. */
const BYTES_PER_NUMBER = 8;

/** Decodes messages of one open file within limits. */
export class ProtoDecoder {
  readonly #file: ProtobufFile;
  readonly #limits: DecodeLimits;
  #fields = 0;
  #textBytes = 0;
  #payloadBytes = 0;

  constructor(file: ProtobufFile, limits: DecodeLimits) {
    this.#file = file;
    this.#limits = limits;
  }

  /** The message between two offsets. @throws ProtobufError when malformed or beyond the limits */
  decode<T extends ProtoMessage>(schema: MessageSchema, start: number, end: number): T {
    return this.#message(schema, start, end, 0) as T;
  }

  #message(schema: MessageSchema, start: number, end: number, depth: number): ProtoMessage {
    if (depth > this.#limits.depth) throw new ProtobufError('messages are nested too deep', start);
    const message: Record<string, unknown> = {};
    const unknown: Uint8Array[] = [];
    for (const { name, repeated } of schema.fields.values()) message[name] = repeated ? [] : undefined;
    for (const field of this.#file.fields(start, end)) {
      this.#count(field);
      const known = schema.fields.get(field.number);
      if (known === undefined || !this.#read(message, known, field, depth)) {
        unknown.push(this.#bytes(field.tagOffset, field.end));
      }
    }
    return Object.assign(message, { unknown });
  }

  /** Puts a field into its message; false when its wire type is not that of its kind. */
  #read(into: Record<string, unknown>, known: FieldSchema, field: ProtobufField, depth: number): boolean {
    if (known.kind === 'payload') {
      if (field.wire !== WIRE.bytes) return false;
      this.#keep(into, known, this.#payload(field));
      return true;
    }
    const isRun =
      known.repeated && field.wire === WIRE.bytes && (known.kind === 'int' || known.kind === 'float');
    if (isRun) {
      const list = into[known.name] as ProtoInt[];
      for (const value of known.kind === 'int' ? this.#ints(field) : this.#floats(field)) list.push(value);
      return true;
    }
    const expected = {
      int: WIRE.varint,
      float: WIRE.fixed32,
      string: WIRE.bytes,
      bytes: WIRE.bytes,
    } as const;
    const wire = typeof known.kind === 'string' ? expected[known.kind] : WIRE.bytes;
    if (field.wire !== wire) return false;
    this.#keep(into, known, this.#value(known, field, depth));
    return true;
  }

  #value(known: FieldSchema, field: ProtobufField, depth: number): unknown {
    switch (known.kind) {
      case 'int':
        return this.#file.exactInt(field.start, field.end).value;
      case 'float':
        return this.#float(field.start);
      case 'string':
        this.#spend(field.end - field.start, field.tagOffset);
        return this.#file.text(field);
      case 'bytes':
        return this.#bytes(field.start, field.end);
      default:
        return this.#message(known.kind as MessageSchema, field.start, field.end, depth + 1);
    }
  }

  #keep(into: Record<string, unknown>, { name, repeated }: FieldSchema, value: unknown): void {
    if (repeated) (into[name] as unknown[]).push(value);
    else into[name] = value;
  }

  #payload({ start, end }: ProtobufField): Payload {
    const length = end - start;
    const { payloadBytes, allPayloadBytes } = this.#limits;
    if (length > payloadBytes || this.#payloadBytes + length > allPayloadBytes)
      return { length, bytes: undefined };
    this.#payloadBytes += length;
    return { length, bytes: this.#file.bytes(start, end) };
  }

  *#ints({ start, end }: ProtobufField): Generator<ProtoInt> {
    let at = start;
    while (at < end) {
      this.#spend(BYTES_PER_NUMBER, at);
      const { value, next } = this.#file.exactInt(at, end);
      yield value;
      at = next;
    }
  }

  *#floats({ start, end }: ProtobufField): Generator<number> {
    if ((end - start) % 4 !== 0) throw new ProtobufError('a run of floats is cut off', start);
    for (let at = start; at < end; at += 4) {
      this.#spend(BYTES_PER_NUMBER, at);
      yield this.#float(at);
    }
  }

  #float(offset: number): number {
    const bytes = this.#file.bytes(offset, offset + 4);
    return new DataView(bytes.buffer).getFloat32(0, true);
  }

  #bytes(start: number, end: number): Uint8Array {
    this.#spend(end - start, start);
    return this.#file.bytes(start, end);
  }

  #count({ tagOffset }: ProtobufField): void {
    this.#fields += 1;
    if (this.#fields > this.#limits.fields) {
      throw new ProtobufError(
        `it has more than ${this.#limits.fields} parts, more than any model needs`,
        tagOffset,
      );
    }
  }

  #spend(bytes: number, offset: number): void {
    this.#textBytes += bytes;
    if (this.#textBytes > this.#limits.textBytes) {
      throw new ProtobufError(
        `it holds more than ${this.#limits.textBytes} bytes besides its weights, more than any model needs`,
        offset,
      );
    }
  }
}
