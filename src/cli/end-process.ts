/**
 * Ends the process with `status` once stdout and stderr have been written out. Everything is closed by now, so what may
 * still hold the event loop (a library's idle socket, a pool thread) is not worth waiting for.
 */
export function endProcess(status: number): void {
  process.exitCode = status;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(status)));
}
