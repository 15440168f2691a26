import { setNativeStacks } from '../base/native-stacks.ts';

/** `busy`: the receiver's queue is full, the same may go through later. */
export type SendOutcome =
  | { readonly kind: 'sent' | 'busy' }
  | { readonly kind: 'failed'; readonly reason: string };

interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  sendto(
    fd: number,
    data: Buffer,
    length: number,
    flags: number,
    address: Buffer,
    addressLength: number,
  ): number | bigint;
  close(fd: number): number;
  errno(): number;
}

// socket.h of Linux, the same on every architecture that Node is built for.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** errno.h of Linux. */
const EAGAIN = 11;
const ENOBUFS = 105;
/** `sun_path` of unix(7). */
const MAX_PATH_BYTES = 107;

/**
 * A datagram socket of the kind `AF_UNIX`, which Node has not, to send to one address. libc is called on the main thread: a
 * call that cannot wait (MSG_DONTWAIT) takes microseconds. The kernel adds this process's id, by which systemd knows it.
 */
export class NotifySocket {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #address: Buffer;

  private constructor(libc: Libc, fd: number, address: Buffer) {
    this.#libc = libc;
    this.#fd = fd;
    this.#address = address;
  }

  /**
   * @param address a path, or `@name` for one in the abstract namespace, as in `$NOTIFY_SOCKET`
   * @throws Error where the address is of another kind or libc cannot be called
   */
  static async open(address: string): Promise<NotifySocket> {
    const sockaddr = unixAddress(address);
    const libc = await loadLibc();
    const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throw new Error(`no socket could be made (errno ${libc.errno()})`);
    return new NotifySocket(libc, fd, sockaddr);
  }

  /** Sends one datagram. Never waits, never throws. */
  send(text: string): SendOutcome {
    const data = Buffer.from(text);
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = this.#libc.sendto(this.#fd, data, data.length, flags, this.#address, this.#address.length);
    if (Number(sent) >= 0) return { kind: 'sent' };
    const errno = this.#libc.errno();
    if (errno === EAGAIN || errno === ENOBUFS) return { kind: 'busy' };
    return { kind: 'failed', reason: `errno ${errno}` };
  }

  close(): void {
    this.#libc.close(this.#fd);
  }
}

/** A `sockaddr_un`. An abstract name begins with a zero byte, and its length is its end. */
function unixAddress(address: string): Buffer {
  if (!address.startsWith('/') && !address.startsWith('@')) {
    throw new Error(`"${address}" is neither a path nor an abstract name`);
  }
  const isAbstract = address.startsWith('@');
  const path = Buffer.from(isAbstract ? `\0${address.slice(1)}` : address);
  if (path.length > MAX_PATH_BYTES) throw new Error(`"${address}" is longer than ${MAX_PATH_BYTES} bytes`);
  const family = Buffer.from(new Uint16Array([AF_UNIX]).buffer);
  return Buffer.concat([family, path, ...(isAbstract ? [] : [Buffer.alloc(1)])]);
}

async function loadLibc(): Promise<Libc> {
  const { default: koffi } = await import('koffi');
  setNativeStacks(koffi);
  const library = koffi.load('libc.so.6');
  return {
    socket: library.func('int socket(int domain, int type, int protocol)') as Libc['socket'],
    sendto: library.func(
      'intptr_t sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t addressLength)',
    ) as Libc['sendto'],
    close: library.func('int close(int fd)') as Libc['close'],
    errno: () => koffi.errno(),
  };
}
