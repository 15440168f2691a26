import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/**
 * Reads a pipe's descriptor, always into one buffer. A stream makes a buffer for every chunk instead, and at megabytes a
 * second the garbage collector then works as much as the rest of capture together.
 */
export class PipeReader {
  readonly #socket: Socket;

  /**
   * @param readFd is closed with this
   * @param bufferBytes most bytes of one chunk
   * @param take gets each chunk, valid until the next; false: no more until `resume`, and the writer is held back
   * @param end called once or more when there will be no more
   */
  constructor(readFd: number, bufferBytes: number, take: (chunk: Uint8Array) => boolean, end: () => void) {
    const buffer = Buffer.allocUnsafeSlow(bufferBytes);
    const options: SocketConstructorOpts & { onread: OnReadOpts } = {
      fd: readFd,
      readable: true,
      writable: false,
      onread: { buffer, callback: (bytes) => take(buffer.subarray(0, bytes)) },
    };
    this.#socket = new Socket(options);
    this.#socket.once('end', end);
    this.#socket.once('close', end);
    this.#socket.once('error', end);
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
