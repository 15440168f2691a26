import { execFile } from 'node:child_process';
import type { Environment } from './machine-record.ts';

/** What came of running a program to its end. */
export type ProgramResult =
  | { readonly outcome: 'exited'; readonly status: number; readonly stdout: string; readonly stderr: string }
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'timed_out' };

/** Runs a program to its end, or kills it after `deadlineMs`. Found through `PATH` of `environment`. Never rejects. */
export function runProgram(
  program: string,
  args: readonly string[],
  deadlineMs: number,
  environment: Environment = process.env,
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const options = {
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
      maxBuffer: 4 << 20,
      env: environment,
    } as const;
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve({ outcome: 'exited', status: 0, stdout, stderr });
      else if (typeof error.code === 'string') resolve({ outcome: 'missing' });
      else if (error.killed) resolve({ outcome: 'timed_out' });
      else resolve({ outcome: 'exited', status: error.code ?? 1, stdout, stderr });
    }).stdin?.end();
  });
}
