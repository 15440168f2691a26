import type { Readable, Writable } from 'node:stream';

/**
 * What a subcommand may touch of the process: output, the signal that asks it to stop, and nothing else. A subcommand is
 * one file that exports `xyzCommand(io): Command`; it throws `OcellusError` and never calls `process.exit`.
 */
export interface CommandIo {
  readonly stdin: Readable;
  /** The command's result; with `--json` nothing else. */
  readonly stdout: Writable;
  /** Logs and messages for people. */
  readonly stderr: Writable;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Asks for an exit status other than 0 without an error, e.g. findings of `check`. */
  setExitStatus(status: number): void;
}
