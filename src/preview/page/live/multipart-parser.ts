/** One part of a multipart/x-mixed-replace body. */
export interface BodyPart {
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
}

const CR = 13;
const LF = 10;
/** Larger than a picture that anybody previews: what does not end is not collected for ever. */
const MAX_PART_BYTES = 16 * 1024 * 1024;

/** The boundary that a Content-Type names; undefined when it is no multipart. */
export function boundaryOf(contentType: string): string | undefined {
  const match = /^multipart\/[^;]+;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/**
 * Takes apart a multipart/x-mixed-replace body (RFC 2046, 5.1) as it comes. Every part must state its Content-Length, so
 * that a picture is shown when its last byte is there and not when the next one begins.
 */
export class MultipartParser {
  readonly #delimiter: string;
  #bytes = new Uint8Array(0);

  constructor(boundary: string) {
    this.#delimiter = `--${boundary.replace(/^--/, '')}`;
  }

  /**
   * @returns the parts that `chunk` completes
   * @throws Error when the body is none of this kind
   */
  push(chunk: Uint8Array): BodyPart[] {
    this.#bytes = joined(this.#bytes, chunk);
    const parts: BodyPart[] = [];
    for (let part = this.#take(); part !== undefined; part = this.#take()) parts.push(part);
    return parts;
  }

  #take(): BodyPart | undefined {
    const headEnd = endOfHead(this.#bytes);
    if (headEnd === -1) {
      if (this.#bytes.length > MAX_PART_BYTES) throw new Error('a part without a head');
      return undefined;
    }
    const lines = new TextDecoder().decode(this.#bytes.subarray(0, headEnd)).trim().split('\r\n');
    if (lines.shift() !== this.#delimiter) throw new Error('a part does not begin with the boundary');
    const headers = new Map(lines.map(headerOf));
    const length = Number(headers.get('content-length') ?? Number.NaN);
    if (!(length >= 0 && length <= MAX_PART_BYTES)) throw new Error('a part without a sound Content-Length');
    if (this.#bytes.length < headEnd + length) return undefined;
    const body = this.#bytes.slice(headEnd, headEnd + length);
    this.#bytes = this.#bytes.slice(headEnd + length);
    return { headers, body };
  }
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** Index behind the empty line that ends the head; -1 while it is not there. Leading line ends belong to the part before. */
function endOfHead(bytes: Uint8Array): number {
  let from = 0;
  while (bytes[from] === CR || bytes[from] === LF) from += 1;
  for (let at = from; at + 3 < bytes.length; at++) {
    if (bytes[at] === CR && bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF)
      return at + 4;
  }
  return -1;
}

function joined(a: Uint8Array<ArrayBuffer>, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
