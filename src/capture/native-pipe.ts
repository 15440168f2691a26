import { setNativeStacks } from '../base/native-stacks.ts';

/** Both ends of a pipe, as descriptors of this process. */
export interface PipeEnds {
  readonly readFd: number;
  readonly writeFd: number;
}

interface Libc {
  pipe2(fds: [number, number], flags: number): number;
  fcntl(fd: number, command: number, argument: number): number;
}

/** fcntl.h of Linux: children do not inherit the ends that they are not given. */
const O_CLOEXEC = 0o2000000;
/** fcntl.h of Linux, since 2.6.35. */
const F_SETPIPE_SZ = 1031;

let libc: Promise<Libc | undefined> | undefined;

/**
 * A pipe of the kernel's own, which Node cannot make: its child processes get sockets, whose chunks can only be had in
 * buffers of Node's making.
 *
 * @param bytes that the writer may be ahead; more than the system allows is not granted
 * @returns undefined where libc cannot be called (see `koffi`'s platforms) or no descriptor is left
 */
export async function openPipe(bytes: number): Promise<PipeEnds | undefined> {
  libc ??= loadLibc();
  const calls = await libc;
  const fds: [number, number] = [-1, -1];
  if (calls === undefined || calls.pipe2(fds, O_CLOEXEC) !== 0) return undefined;
  const [readFd, writeFd] = fds;
  calls.fcntl(writeFd, F_SETPIPE_SZ, bytes);
  return { readFd, writeFd };
}

async function loadLibc(): Promise<Libc | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const { default: koffi } = await import('koffi');
    setNativeStacks(koffi);
    const library = koffi.load('libc.so.6');
    return {
      pipe2: library.func('int pipe2(_Out_ int *fds, int flags)') as Libc['pipe2'],
      fcntl: library.func('int fcntl(int fd, int command, int argument)') as Libc['fcntl'],
    };
  } catch {
    // No prebuilt koffi or another libc: an ordinary stream serves as well, at a higher price.
    return undefined;
  }
}
