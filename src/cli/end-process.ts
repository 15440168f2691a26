import { setNativeStacks } from '../base/native-stacks.ts';
import { busyThreads } from '../infer/ort-node/session-worker.ts';

/**
 * Ends the process with `status` once stdout and stderr have been written out. Everything is closed by now, so what may
 * still hold the event loop (a library's idle socket, a pool thread) is not worth waiting for.
 */
export function endProcess(status: number): void {
  process.exitCode = status;
  process.stdout.write('', () =>
    process.stderr.write('', () => {
      if (busyThreads() === 0) process.exit(status);
      void exitAtOnce(status);
    }),
  );
}

/** _exit(2): no destructors, which would meet a run that goes on in another thread and abort the process. */
async function exitAtOnce(status: number): Promise<void> {
  try {
    const { default: koffi } = await import('koffi');
    setNativeStacks(koffi);
    koffi.load('libc.so.6').func('void _exit(int status)')(status);
  } catch {
    // No libc by that name, or no koffi: the end is then an abort, but it is the end.
    process.exit(status);
  }
}
