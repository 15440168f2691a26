import { pbkdf2 } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const TASKS = '/proc/self/task';
/** Keeps every thread of libuv's pool (4 by default) busy for long enough to stand out. */
const PROBES = 16;
const PROBE_ITERATIONS = 60_000;
const STANDS_OUT_MS = 15;

/** CPU time of every thread of this process so far, ms (proc(5), /proc/PID/task/TID/schedstat). */
export function threadCpuMs(): Map<number, number> {
  const times = new Map<number, number>();
  for (const tid of readdirSync(TASKS)) {
    try {
      const [ns] = readFileSync(`${TASKS}/${tid}/schedstat`, 'utf8').split(' ');
      times.set(Number(tid), Number(ns) / 1e6);
    } catch (error) {
      // A thread may end between the two calls.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return times;
}

/** CPU time spent between two readings, ms, by threads of `of` and by all others. */
export function cpuBetween(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
  of: ReadonlySet<number>,
): { ofThreadsMs: number; othersMs: number } {
  let ofThreadsMs = 0;
  let othersMs = 0;
  for (const [tid, ms] of after) {
    const spent = ms - (before.get(tid) ?? 0);
    if (of.has(tid)) ofThreadsMs += spent;
    else othersMs += spent;
  }
  return { ofThreadsMs, othersMs };
}

/**
 * The threads of libuv's pool, on which ONNX Runtime's runs happen. They have no names in Node 20, so they are found by
 * giving the pool work and seeing who does it.
 */
export async function poolThreads(): Promise<Set<number>> {
  const derive = promisify(pbkdf2);
  const before = threadCpuMs();
  await Promise.all(
    Array.from({ length: PROBES }, () => derive('probe', 'salt', PROBE_ITERATIONS, 32, 'sha256')),
  );
  const after = threadCpuMs();
  return new Set(
    [...after.keys()].filter(
      (tid) => tid !== process.pid && (after.get(tid) ?? 0) - (before.get(tid) ?? 0) > STANDS_OUT_MS,
    ),
  );
}
