/** A box's type and content. */
export interface Mp4Box {
  readonly type: string;
  /** Content without the header. */
  readonly body: Uint8Array;
  /** Where the content begins, from the start of what was walked. */
  readonly bodyAt: number;
}

export const BOX_HEADER_BYTES = 8;

/** Thrown for bytes that are not the fragmented MP4 that ffmpeg writes. The stream is then given up. */
export class Mp4FormatError extends Error {
  override readonly name = 'Mp4FormatError';
}

/** Size and type of a box header. 64-bit and open-ended sizes, which no fragment has, are errors. @throws Mp4FormatError */
export function boxHeader(bytes: Uint8Array, at = 0): { type: string; bytes: number } {
  if (at + BOX_HEADER_BYTES > bytes.length) throw new Mp4FormatError('a box header is cut off');
  const size = view(bytes).getUint32(at);
  const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  if (size < BOX_HEADER_BYTES) throw new Mp4FormatError(`box "${type}" has size ${size}`);
  return { type, bytes: size };
}

/** The boxes of a container's content, in order. @throws Mp4FormatError when one reaches beyond the end */
export function* boxes(content: Uint8Array, baseAt = 0): Generator<Mp4Box> {
  for (let at = 0; at < content.length; ) {
    const { type, bytes } = boxHeader(content, at);
    if (at + bytes > content.length) throw new Mp4FormatError(`box "${type}" is larger than what holds it`);
    const body = content.subarray(at + BOX_HEADER_BYTES, at + bytes);
    yield { type, body, bodyAt: baseAt + at + BOX_HEADER_BYTES };
    at += bytes;
  }
}

/** The first box at a path such as `moov/trak/mdia`. @throws Mp4FormatError when there is none */
export function boxAt(content: Uint8Array, path: string): Mp4Box {
  let found: Mp4Box = { type: '', body: content, bodyAt: 0 };
  for (const type of path.split('/')) {
    let next: Mp4Box | undefined;
    for (const box of boxes(found.body, found.bodyAt)) {
      if (box.type !== type) continue;
      next = box;
      break;
    }
    if (next === undefined) throw new Mp4FormatError(`no box "${type}" of ${path}`);
    found = next;
  }
  return found;
}

/** Reads big-endian fields; beyond the end is a format error, not a RangeError. */
export class FieldReader {
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#view = view(bytes);
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** As a number: media times stay far below 2^53. */
  u64(): number {
    return Number(this.#view.getBigUint64(this.#take(8)));
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#view.byteLength) throw new Mp4FormatError('a box is shorter than its fields');
    this.#at = at + bytes;
    return at;
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
