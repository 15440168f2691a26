import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { messageOf, OcellusError } from '../base/errors.ts';

/** How a child process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True when it did not end on SIGTERM and was killed. */
  readonly forced: boolean;
}

export interface ToolOptions {
  /** Name on PATH, or a path. */
  readonly program: string;
  readonly args: readonly string[];
  /** Debian package that holds the program, for the hint when it is missing. */
  readonly aptPackage: string;
  /** Pipes beyond stdout and stderr, as descriptors 3, 4, ... of the child. */
  readonly extraPipes?: number;
  readonly clock: Clock;
}

/** A running tool. It ends by itself or through `end`; `exited` reports either, after it was reaped. */
export class ToolProcess {
  readonly exited: Promise<ChildExit>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  #forced = false;
  #ended = false;

  constructor(child: ChildProcess, clock: Clock) {
    this.#child = child;
    this.#clock = clock;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#ended = true;
        resolve({ code, signal, forced: this.#forced });
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get stdout(): Readable {
    return this.#child.stdout!;
  }

  get stderr(): Readable {
    return this.#child.stderr!;
  }

  /** The child's descriptor `fd`, 3 or more. */
  pipe(fd: number): Readable {
    return this.#child.stdio[fd] as Readable;
  }

  /** SIGTERM, `graceMs` to end, then SIGKILL. Resolves once the process is reaped and its pipes are closed. */
  async end(graceMs: number): Promise<ChildExit> {
    if (!this.#ended) this.#child.kill('SIGTERM');
    const timer = this.#clock.after(graceMs, () => {
      this.#forced = true;
      this.#child.kill('SIGKILL');
    });
    const exit = await this.exited;
    timer.cancel();
    for (const stream of this.#child.stdio) stream?.destroy();
    return exit;
  }
}

/**
 * Starts a tool that cannot outlive this process. `setpriv --pdeathsig KILL` (util-linux, in every Debian) has the
 * kernel kill it when we die, however we die. Without setpriv, a tool ends at its next write to the closed pipe
 * (EPIPE), so that one which is stuck before its first picture lives on until its own timeout.
 *
 * @throws OcellusError `tool_missing` when the program is not there or cannot be started
 */
export async function startTool(options: ToolOptions): Promise<ToolProcess> {
  const program = await findProgram(options.program);
  if (program === undefined) throw toolMissing(options, undefined);
  const guard = await findProgram('setpriv');
  const argv = [...(guard === undefined ? [] : [guard, '--pdeathsig', 'KILL']), program, ...options.args];
  const child = spawn(argv[0]!, argv.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe', ...Array<'pipe'>(options.extraPipes ?? 0).fill('pipe')],
  });
  const tool = new ToolProcess(child, options.clock);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(toolMissing(options, error)));
  });
  return tool;
}

/** Path of a program: looked up on PATH unless it holds a slash; undefined when it is not there or not executable. */
export async function findProgram(program: string): Promise<string | undefined> {
  const paths = program.includes('/')
    ? [program]
    : (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, program));
  for (const path of paths) {
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return undefined;
}

function toolMissing(options: ToolOptions, error: unknown): OcellusError {
  const why = error === undefined ? 'not found' : messageOf(error);
  return new OcellusError('tool_missing', `cannot start ${options.program}: ${why}`, {
    hint: `install it with: sudo apt-get install ${options.aptPackage}`,
    cause: error,
  });
}
