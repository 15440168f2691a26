import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { closeSync, constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { messageOf, OcellusError } from '../base/errors.ts';
import { type ChunkSource, PipeChunks, StreamChunks } from './chunk-source.ts';
import { eachLine, PipeLines } from './lines.ts';
import { openPipe, type PipeEnds } from './native-pipe.ts';

/** A picture at detection size fits whole, so that the tool does not wait for us in the middle of one. */
const PIPE_BYTES = 512 * 1024;
/** What Linux gives a pipe by itself. */
const LOG_PIPE_BYTES = 64 * 1024;

/** The child's descriptor for encoded video. */
export const MEDIA_FD = 3;

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
  /** The child's descriptor that pictures come through: 1 or 3. Absent: it gives no pictures, and stdout is text. */
  readonly pictureFd?: 1 | 3;
  /** stderr has lines for every picture: it is to be read through `eachErrorLine`. */
  readonly chatty?: boolean;
  /** Gives the child a second pipe to write to, as descriptor 3: see `ToolProcess.media`. */
  readonly withMedia?: boolean;
  /** Gives the child something to read: see `ToolProcess.stdin`. Absent: its stdin is empty. */
  readonly withInput?: boolean;
  readonly clock: Clock;
}

/** A running tool. It ends by itself or through `end`; `exited` reports either, after it was reaped. */
export class ToolProcess {
  readonly exited: Promise<ChildExit>;
  /** What comes through `pictureFd`. */
  readonly pictures: ChunkSource | undefined;
  readonly #errorLines: PipeLines | undefined;
  /** What comes through `MEDIA_FD`, where that was asked for. */
  readonly media: ChunkSource | undefined;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  #forced = false;
  #ended = false;

  constructor(
    child: ChildProcess,
    { pictures, media }: Pick<ToolProcess, 'pictures' | 'media'>,
    errorLines: PipeLines | undefined,
    clock: Clock,
  ) {
    this.#child = child;
    this.pictures = pictures;
    this.#errorLines = errorLines;
    this.media = media;
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

  /** Of a tool that was started `withInput`. */
  get stdin(): Writable {
    return this.#child.stdin!;
  }

  get stdout(): Readable {
    return this.#child.stdout!;
  }

  /** Of a tool that is not chatty. */
  get stderr(): Readable {
    return this.#child.stderr!;
  }

  /** Reads stderr. @param end called once, when there will be no more lines */
  eachErrorLine(line: (text: string) => void, end: () => void): void {
    if (this.#errorLines !== undefined) this.#errorLines.each(line, end);
    else eachLine(this.stderr, line, end);
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
    this.pictures?.destroy();
    this.#errorLines?.destroy();
    this.media?.destroy();
    return exit;
  }
}

const GUARD_DEADLINE_MS = 5_000;
let guard: Promise<readonly string[]> | undefined;

/**
 * The command that has the kernel kill a program with its parent. Tried once: a sandbox may forbid it what it needs, and then
 * no tool could be started. A service of systemd is such a one, whose control group ends with the service anyway.
 */
async function findGuard(): Promise<readonly string[]> {
  const setpriv = await findProgram('setpriv');
  if (setpriv === undefined) return [];
  const command = [setpriv, '--pdeathsig', 'KILL'];
  const works = await new Promise<boolean>((resolve) => {
    const args = [...command.slice(1), setpriv, '--version'];
    const trial = spawn(setpriv, args, { stdio: 'ignore', timeout: GUARD_DEADLINE_MS });
    trial.once('error', () => resolve(false));
    trial.once('exit', (status) => resolve(status === 0));
  });
  return works ? command : [];
}

/**
 * Starts a tool that cannot outlive this process. `setpriv --pdeathsig KILL` (util-linux, in every Debian) has the
 * kernel kill it when we die, however we die. Where that cannot be had, a tool ends at its next write to the closed pipe
 * (EPIPE), so that one which is stuck before its first picture lives on until its own timeout.
 *
 * @throws OcellusError `tool_missing` when the program is not there or cannot be started
 */
export async function startTool(options: ToolOptions): Promise<ToolProcess> {
  const program = await findProgram(options.program);
  if (program === undefined) throw toolMissing(options, undefined);
  guard ??= findGuard();
  const argv = [...(await guard), program, ...options.args];
  const { pictureFd, chatty = false } = options;
  const mediaFd = options.withMedia ? MEDIA_FD : undefined;
  const pipe = pictureFd === undefined ? undefined : await openPipe(PIPE_BYTES);
  const mediaPipe = mediaFd === undefined ? undefined : await openPipe(PIPE_BYTES);
  const logPipe = chatty ? await openPipe(LOG_PIPE_BYTES) : undefined;
  const stdio: StdioOptions = [options.withInput ? 'pipe' : 'ignore', 'pipe', logPipe?.writeFd ?? 'pipe'];
  if (pictureFd !== undefined) stdio[pictureFd] = pipe?.writeFd ?? 'pipe';
  if (mediaFd !== undefined) stdio[mediaFd] = mediaPipe?.writeFd ?? 'pipe';
  const child = spawn(argv[0]!, argv.slice(1), { stdio });
  // The child has its own copies; with ours open, the pipes would never end.
  for (const ends of [pipe, mediaPipe, logPipe]) if (ends !== undefined) closeSync(ends.writeFd);
  const errorLines = logPipe === undefined ? undefined : new PipeLines(logPipe.readFd);
  const chunks = {
    pictures: chunksOf(child, pictureFd, pipe),
    media: chunksOf(child, mediaFd, mediaPipe),
  };
  const tool = new ToolProcess(child, chunks, errorLines, options.clock);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      tool.pictures?.destroy();
      errorLines?.destroy();
      tool.media?.destroy();
      reject(toolMissing(options, error));
    });
  });
  return tool;
}

function chunksOf(
  child: ChildProcess,
  fd: 1 | 3 | undefined,
  pipe: PipeEnds | undefined,
): ChunkSource | undefined {
  if (fd === undefined) return undefined;
  if (pipe === undefined) return new StreamChunks(child.stdio[fd] as Readable);
  return new PipeChunks(pipe.readFd, PIPE_BYTES);
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
