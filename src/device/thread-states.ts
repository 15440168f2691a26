import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel says of this process's threads and of its child processes, as `name state`; states as in proc(5). */
export interface ThreadStates {
  readonly threads: readonly string[];
  readonly children: readonly string[];
}

const MAX_LISTED = 64;

/**
 * For the log, when something is stuck: `D` is a thread that waits for a driver or a disk. Synchronous, since the threads that
 * serve asynchronous reads may be the ones that are stuck. Lists nothing where there is no /proc.
 */
export function threadStates(proc = '/proc/self'): ThreadStates {
  const tasks = listed(() => readdirSync(`${proc}/task`)).slice(0, MAX_LISTED);
  const childPids = tasks
    .flatMap((task) => textOf(`${proc}/task/${task}/children`).split(' '))
    .filter((pid) => pid !== '')
    .slice(0, MAX_LISTED);
  return {
    threads: tasks.map((task) => state(textOf(`${proc}/task/${task}/stat`))).filter((line) => line !== ''),
    children: childPids
      .map((pid) => ({ pid, line: state(textOf(`/proc/${pid}/stat`)) }))
      .filter(({ line }) => line !== '')
      .map(({ pid, line }) => `${line} (pid ${pid})`),
  };
}

/** `12 (ffmpeg) S 1 ...` -> `ffmpeg S`. */
function state(stat: string): string {
  const match = /^\d+ \((.*)\) (\S)/s.exec(stat);
  return match === null ? '' : `${match[1]} ${match[2]}`;
}

/** Empty when it is not there: threads and processes end at any time. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

function listed(list: () => string[]): string[] {
  try {
    return list();
  } catch {
    return [];
  }
}
