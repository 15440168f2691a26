import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { abortError, type Clock, type Timer } from '../../base/clock.ts';
import { type BuildRequest, buildAnswerSchema } from './build-messages.ts';
import type { BuildJob, EngineBuilder } from './engine-builder.ts';

/** Of what the process said on stderr, which is where TensorRT complains, so much is kept. */
const STDERR_CHARACTERS = 2_000;
/** What the process may take to end after its answer. */
const END_DEADLINE_MS = 60_000;

/**
 * Builds engines in a process of their own. TensorRT keeps all memory and threads that it ever had, may crash, and cannot be told to
 * stop; a process can be ended.
 */
export class ProcessEngineBuilder implements EngineBuilder {
  readonly #clock: Clock;
  readonly #program: string | undefined;

  /** @param program a module for Node.js that speaks `build-messages.ts` */
  constructor(clock: Clock, program?: string) {
    this.#clock = clock;
    this.#program = program;
  }

  async build(job: BuildJob, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortError();
    const child = fork(this.#program ?? createRequire(import.meta.url).resolve('#engine-build'), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Flags of ours, such as those of a debugger or a test, are not the build's.
      execArgv: [],
    });
    let stopped: Error | undefined;
    const stop = (why: Error) => {
      stopped ??= why;
      child.kill('SIGKILL');
    };
    const aborted = () => stop(abortError());
    signal.addEventListener('abort', aborted, { once: true });
    const minutes = Math.round(job.deadlineMs / 60_000);
    const timer = this.#clock.after(job.deadlineMs, () =>
      stop(new Error(`the build took longer than ${minutes} min and was ended`)),
    );
    try {
      const failure = await this.#outcome(child, job);
      // What was built before it was told to stop is built.
      if (failure !== undefined) throw stopped ?? failure;
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', aborted);
    }
  }

  /** Gives the process its request and waits until it has been reaped. @returns why there is no engine */
  async #outcome(child: ChildProcess, job: BuildJob): Promise<Error | undefined> {
    let failure: Error | undefined = new Error('the process that builds it gave no answer');
    let stderr = '';
    let answered = false;
    let lateEnd: Timer | undefined;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_CHARACTERS);
    });
    child.on('message', (message) => {
      const answer = buildAnswerSchema.parse(message);
      failure = answer.type === 'built' ? undefined : new Error(answer.message);
      answered = true;
      lateEnd = this.#clock.after(END_DEADLINE_MS, () => child.kill('SIGKILL'));
    });
    const ended = new Promise<void>((resolve) => {
      child.once('error', (error) => {
        failure = error;
        if (child.pid === undefined) resolve();
      });
      child.once('close', (status, signal) => {
        if (!answered)
          failure = new Error(`the process that builds it ended with ${signal ?? `status ${status}`}`);
        resolve();
      });
    });
    child.send(requestOf(job), (error) => {
      // A process that is gone already tells why by its end.
      if (error !== null && child.connected) child.kill('SIGKILL');
    });
    await ended;
    lateEnd?.cancel();
    if (failure === undefined || stderr.trim() === '') return failure;
    return new Error(`${failure.message}; it said: ${stderr.trim()}`, { cause: failure });
  }
}

function requestOf({ file, providers, providerOptions, threads, libonnxruntime }: BuildJob): BuildRequest {
  return {
    file,
    providers: [...providers],
    providerOptions: { ...providerOptions },
    threads,
    libonnxruntime: libonnxruntime ?? null,
  };
}
