import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { PipeReader } from './pipe-reader.ts';

/** The log of one picture fits many times. */
const PIPE_BUFFER_BYTES = 16 * 1024;
/** Longer lines are cut: a tool that writes without newlines must not fill the memory. */
const MAX_LINE = 4_096;

/** Cuts a stream of UTF-8 into lines, which end in LF, CR LF or CR, and leaves out empty ones. */
export class LineSplitter {
  readonly #line: (text: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** @param line called for each line, without its newline, as soon as it is complete */
  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  /** Takes the next bytes and keeps none of them. */
  push(bytes: Uint8Array): void {
    const decoded = this.#rest + this.#decoder.write(bytes as Buffer);
    // Hardly any text has a CR, and looking for one costs less than a regular expression for all newlines.
    const text = decoded.includes('\r') ? decoded.replaceAll('\r', '\n') : decoded;
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      if (end > start) this.#line(text.slice(start, end));
      start = end + 1;
    }
    this.#rest = text.slice(start, start + MAX_LINE);
  }

  /** No more bytes: what is left is a line. */
  end(): void {
    const rest = this.#rest;
    this.#rest = '';
    if (rest !== '') this.#line(rest);
  }
}

/**
 * Calls `line` for each line of a stream of text, without its newline, as soon as it is complete.
 * @param end called once, when there will be no more
 */
export function eachLine(stream: Readable, line: (text: string) => void, end = () => {}): void {
  const splitter = new LineSplitter(line);
  stream.on('data', (bytes: Buffer) => splitter.push(bytes));
  stream.once('close', () => {
    splitter.end();
    end();
  });
  // A pipe that breaks is a stream that ended; why the writer ended is told by its exit status.
  stream.on('error', () => {});
}

/** The lines of a pipe's descriptor. For what comes with every picture: a stream costs several times as much. */
export class PipeLines {
  readonly #pipe: PipeReader;
  #splitter: LineSplitter | undefined;
  #onEnd: (() => void) | undefined;

  /** @param readFd is closed with this */
  constructor(readFd: number) {
    const take = (bytes: Uint8Array) => {
      this.#splitter?.push(bytes);
      return true;
    };
    this.#pipe = new PipeReader(readFd, PIPE_BUFFER_BYTES, take, () => this.#end());
  }

  /** Begins to read. @param end called once, after the last line */
  each(line: (text: string) => void, end: () => void): void {
    this.#splitter = new LineSplitter(line);
    this.#onEnd = end;
    this.#pipe.resume();
  }

  destroy(): void {
    this.#pipe.destroy();
  }

  #end(): void {
    this.#splitter?.end();
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.();
  }
}
