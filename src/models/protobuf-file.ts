import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { OcellusError } from '../base/errors.ts';

/** Wire types of the protobuf encoding (protobuf.dev/programming-guides/encoding). */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

export interface ProtobufField {
  readonly number: number;
  readonly wire: number;
  /** Where the field's tag is in the file. */
  readonly tagOffset: number;
  /** Value of a varint field; 0 for other wire types. */
  readonly value: number;
  /** First byte of the payload of a length-delimited field. */
  readonly start: number;
  /** First byte after the field. */
  readonly end: number;
}

/** Malformed protobuf, with the place in the file. Readers of a format turn it into their own message. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const WINDOW_BYTES = 16 * 1024;
const MAX_TEXT_BYTES = 1024 * 1024;

/**
 * Walks the fields of a protobuf message in a file without reading the payloads that nobody asks for: a model of
 * hundreds of megabytes costs a few thousand small reads.
 */
export class ProtobufFile {
  readonly path: string;
  readonly size: number;
  readonly #fd: number;
  readonly #window = Buffer.allocUnsafe(WINDOW_BYTES);
  #windowStart = 0;
  #windowEnd = 0;

  private constructor(path: string, fd: number, size: number) {
    this.path = path;
    this.#fd = fd;
    this.size = size;
  }

  /** Opens `path`, hands it to `use`, closes it. @throws whatever `open(2)` and `use` throw */
  static using<T>(path: string, use: (file: ProtobufFile) => T): T {
    const fd = openSync(path, 'r');
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new OcellusError('model_unreadable', `${path} is not a regular file`);
      return use(new ProtobufFile(path, fd, stat.size));
    } finally {
      closeSync(fd);
    }
  }

  /** The fields between two offsets, in file order. @throws ProtobufError */
  *fields(start: number, end: number): Generator<ProtobufField> {
    let at = start;
    while (at < end) {
      const field = this.#field(at, end);
      yield field;
      at = field.end;
    }
  }

  /** UTF-8 payload of a length-delimited field. @throws ProtobufError when longer than 1 MiB */
  text(field: ProtobufField): string {
    const length = field.end - field.start;
    if (length > MAX_TEXT_BYTES) {
      throw new ProtobufError(`a text of ${length} bytes is more than any model needs`, field.start);
    }
    const bytes = Buffer.allocUnsafe(length);
    this.#read(bytes, field.start, length);
    return bytes.toString('utf8');
  }

  /** A copy of the bytes between two offsets of the file. */
  bytes(start: number, end: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(end - start);
    this.#read(bytes, start, bytes.length);
    return bytes;
  }

  /** The varint at an offset as the signed 64-bit number that it is: a bigint where a number would lose low bits. */
  exactInt(offset: number, end: number): { value: number | bigint; next: number } {
    const [near, next] = this.#varint(offset, end);
    if (Number.isSafeInteger(near)) return { value: near, next };
    let exact = 0n;
    for (let at = offset; at < next; at++)
      exact |= BigInt(this.#byte(at) & 0x7f) << BigInt(7 * (at - offset));
    return { value: BigInt.asIntN(64, exact), next };
  }

  /** The varints of a packed field. */
  *packed(field: ProtobufField): Generator<number> {
    let at = field.start;
    while (at < field.end) {
      const [value, next] = this.#varint(at, field.end);
      yield value;
      at = next;
    }
  }

  #field(tagOffset: number, end: number): ProtobufField {
    const [tag, afterTag] = this.#varint(tagOffset, end);
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (number === 0) throw new ProtobufError('field number 0', tagOffset);
    const at = { number, wire, tagOffset };
    switch (wire) {
      case WIRE.varint: {
        const [value, next] = this.#varint(afterTag, end);
        return { ...at, value, start: afterTag, end: next };
      }
      case WIRE.bytes: {
        const [length, start] = this.#varint(afterTag, end);
        if (length < 0 || start + length > end) {
          throw new ProtobufError(
            `a field of ${length} bytes starts at byte ${start}, but only ${end - start} bytes are left`,
            tagOffset,
          );
        }
        return { ...at, value: 0, start, end: start + length };
      }
      case WIRE.fixed32:
      case WIRE.fixed64: {
        const next = afterTag + (wire === WIRE.fixed32 ? 4 : 8);
        if (next > end) throw new ProtobufError('a fixed-size field is cut off', tagOffset);
        return { ...at, value: 0, start: afterTag, end: next };
      }
      default:
        throw new ProtobufError(`unknown wire type ${wire}`, tagOffset);
    }
  }

  /** A varint as a signed 64-bit value; beyond 2^53 it loses low bits, which no field read here has. */
  #varint(offset: number, end: number): [value: number, next: number] {
    let low = 0n;
    let small = 0;
    for (let i = 0; i < 10; i++) {
      if (offset + i >= end) throw new ProtobufError('a number is cut off', offset);
      const byte = this.#byte(offset + i);
      // Nearly every varint fits 28 bits; BigInt is kept for the rest.
      if (i < 4) {
        small |= (byte & 0x7f) << (7 * i);
        if (byte < 0x80) return [small, offset + i + 1];
      } else {
        if (i === 4) low = BigInt(small);
        low |= BigInt(byte & 0x7f) << BigInt(7 * i);
        if (byte < 0x80) return [Number(BigInt.asIntN(64, low)), offset + i + 1];
      }
    }
    throw new ProtobufError('a number is longer than 64 bits', offset);
  }

  #byte(offset: number): number {
    if (offset < this.#windowStart || offset >= this.#windowEnd) {
      this.#windowStart = offset;
      this.#windowEnd = offset + readSync(this.#fd, this.#window, 0, WINDOW_BYTES, offset);
      if (this.#windowEnd <= offset) throw new ProtobufError('the file ended while it was read', offset);
    }
    return this.#window[offset - this.#windowStart]!;
  }

  #read(into: Uint8Array, offset: number, length: number): void {
    if (offset >= this.#windowStart && offset + length <= this.#windowEnd) {
      into.set(this.#window.subarray(offset - this.#windowStart, offset - this.#windowStart + length));
      return;
    }
    let done = 0;
    while (done < length) {
      const got = readSync(this.#fd, into, done, length - done, offset + done);
      if (got === 0) throw new ProtobufError('the file ended while it was read', offset + done);
      done += got;
    }
  }
}
